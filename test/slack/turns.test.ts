import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";
import { postLimits } from "../../src/slack/delivery/pace.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({
    pace: postLimits,
    policy: (names) => ordinaryPolicy(names).replace("settings: {", "settings: { max_pending: 1000,"),
  });
});
afterAll(() => world?.stop());

it("an honest request is seen after a few messages, however many somebody else's wait for the channel", async () => {
  const { slack } = world;
  const cards = () => slack.channel("#access-requests").messages();
  await Promise.all(
    Array.from({ length: 40 }, (_, count) =>
      slack.as("alice").types(`/request-access orders-db read 1h flood ${count}`),
    ),
  );
  await slack.until(
    async () => {
      const [row] = await world.query<{ waiting: number }>(
        `select count(*)::int as waiting from effects
       where kind = 'post_request' and done_at is null and last_error like 'waits for its turn%'`,
      );
      return (row?.waiting ?? 0) > 20;
    },
    "the flood to wait for its turn",
    60_000,
  );
  const before = cards().length;
  await slack.as("bob").types("/request-access orders-db read 1h an honest one");
  const honest = await slack.until(
    () => cards().find(({ visibleText }) => visibleText.includes("an honest one")),
    "the honest request",
    30_000,
  );
  const between = cards().filter(({ ts }) => ts < honest.ts).length - before;
  // Those that passed while it was filed, and its turn.
  expect(between).toBeLessThan(12);
}, 120_000);
