import { expect, test } from "@jest/globals";
import { faultOfHundred, patienceMs } from "./hundred.ts";

test(
  "whatever happens in whatever order, what is seen from outside is as it must be",
  async () => {
    expect(await faultOfHundred({ seed: 20261121, queues: "PostgreSQL" })).toBeUndefined();
  },
  patienceMs,
);
