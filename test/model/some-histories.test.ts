import { faultOfHistories, patienceMs } from "./fault-of-histories.ts";

test(
  "some histories hold; many more are tried by npm run test:long",
  async () => {
    expect(await faultOfHistories({ seed: 20261130, queues: "PostgreSQL", histories: 40 })).toBeUndefined();
  },
  patienceMs,
);
