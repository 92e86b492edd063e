import { faultOfHistories, patienceMs } from "./fault-of-histories.ts";

test(
  "the same for other histories",
  async () => {
    expect(await faultOfHistories({ histories: 100, seed: 42, queues: "Redis" })).toBeUndefined();
  },
  patienceMs,
);
