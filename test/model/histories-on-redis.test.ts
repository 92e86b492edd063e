import { faultOfHistoriesOnRedis, patienceMs } from "./fault-of-histories.ts";

test(
  "the same with queues in Redis",
  async () => {
    expect(await faultOfHistoriesOnRedis({ histories: 100, seed: 4711 })).toBeUndefined();
  },
  patienceMs,
);
