import { expect, test } from "@jest/globals";
import { faultOfHundred, patienceMs } from "./hundred.ts";

test(
  "the same with queues in Redis",
  async () => {
    expect(await faultOfHundred({ seed: 4711, queues: "Redis" })).toBeUndefined();
  },
  patienceMs,
);
