import { faultOfHistories, patienceMs } from "./fault-of-histories.ts";

test(
  "whatever happens in whatever order, what is seen from outside is as it must be",
  async () => {
    expect(await faultOfHistories({ histories: 100, seed: 20261121, queues: "PostgreSQL" })).toBeUndefined();
  },
  patienceMs,
);
