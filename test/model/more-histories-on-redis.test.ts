import { expect, test } from "@jest/globals";
import { faultOfHundred, patienceMs } from "./hundred.ts";

test(
  "the same for other histories",
  async () => {
    expect(await faultOfHundred({ seed: 42, queues: "Redis" })).toBeUndefined();
  },
  patienceMs,
);
