import { faultOfHistories, patienceMs } from "./fault-of-histories.ts";

test(
  "the same with queues in Redis",
  async () => {
    expect(await faultOfHistories({ histories: 100, seed: 4711, queues: "Redis" })).toBeUndefined();
  },
  patienceMs,
);
