import { faultOfHistoriesOnRedis, patienceMs } from "./fault-of-histories.ts";

test(
  "the same for other histories",
  async () => {
    expect(await faultOfHistoriesOnRedis({ histories: 100, seed: 42 })).toBeUndefined();
  },
  patienceMs,
);
