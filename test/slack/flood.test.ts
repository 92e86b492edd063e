import { threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { postLimits } from "../../src/slack/delivery/pace.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ pace: { ...postLimits, intervalMs: 200 } });
});
afterEach(() => world.slack.faults.clear());
afterAll(() => world?.stop());

async function waiting(kinds: string): Promise<number> {
  const rows = await world.query<{ waiting: number }>(
    "select count(*)::int as waiting from effects where kind = $1 and done_at is null and due_at < now() + interval '1 hour'",
    [kinds],
  );
  return rows[0]?.waiting ?? 0;
}

it("many requests at once reach a channel at the pace Slack takes, all of them and none refused", async () => {
  const { slack } = world;
  // A little more than the pace, for the times at which what was sent in order arrives.
  slack.faults.limitPosting(postLimits.burst + 1, 180);
  await Promise.all(
    Array.from({ length: 12 }, (_, count) =>
      slack.as("alice").types(`/request-access orders-db read 1h flood ${count}`),
    ),
  );
  await slack.until(() => slack.channel("#access-requests").messages().length === 12, "all 12");
  expect(slack.calls("chat.postMessage").filter(({ httpStatus }) => httpStatus === 429)).toEqual([]);
});

it("what people wait for goes before the lines of threads", async () => {
  const { slack } = world;
  const cards = slack.channel("#access-requests").messages();
  slack.faults.rateLimit("chat.postMessage", 4, 1, cards[0]?.channelId);
  for (const card of cards.slice(0, 8)) await slack.as("bob").presses(card, "Approve");
  await slack.until(async () => (await waiting("tell_thread")) >= 8, "lines to wait");
  const before = slack.workspace.messages(cards[0]?.channelId ?? "").length;
  await slack.as("alice").types("/request-access orders-db read 2h an urgent one");
  const urgent = await slack.until(
    () =>
      slack
        .channel("#access-requests")
        .messages()
        .find(({ visibleText }) => visibleText.includes("an urgent one")),
    "the urgent request",
  );
  expect(
    slack.workspace.messages(urgent.channelId).filter(({ ts }) => ts < urgent.ts).length - before,
  ).toBeLessThan(5);
  await slack.until(async () => (await waiting("tell_thread")) === 0, "the lines too");
  for (const card of cards.slice(0, 8)) {
    expect(slack.thread(card).map(({ visibleText }) => visibleText)).toEqual([
      expect.stringContaining("is being granted"),
      expect.stringContaining("Granted to"),
    ]);
  }
});

it("several updates owed for one message are one, and reminders that are no longer true are not said", async () => {
  const { slack } = world;
  await slack.until(async () => (await waiting("update_request")) === 0, "earlier updates");
  await slack.as("alice").types("/request-access orders-db write 1h merged");
  const message = await slack.until(() => slack.channel("#orders-approvals").messages()[0], "the request");
  slack.faults.failNext("chat.update", "internal_error", 1);
  const before = slack.calls("chat.update").length;
  // A reminder that could not be said while it was true.
  await world.query(
    `insert into effects (id, request_id, kind, queue, lane, payload, due_at, retry_at)
     select gen_random_uuid(), id, k.kind, 'messages', 'slack-thread-' || id, k.payload::jsonb, now(), now() + interval '1 hour'
     from access_requests, (values
       ('update_request', '{}'),
       ('tell_thread', '{"event": {"type": "request.reminded", "at": "2026-01-01T00:00:00Z", "actor": {"kind": "hallpass"}, "data": {"asks": ["bob@example.com"]}}}')
     ) as k(kind, payload) where reason = 'merged'`,
  );
  await slack.as("bob").presses(message, "Approve");
  await slack.until(
    async () =>
      (
        await world.query(
          "select 1 from grants g join access_requests r on r.id = g.request_id where r.reason = 'merged' and g.status = 'active'",
        )
      ).length === 1,
    "the grant",
  );
  world.advance(61 * 60_000);
  await threadSays(world, message, "Revoked and verified");
  await slack.until(async () => (await waiting("update_request")) === 0, "the updates");
  const sent = slack
    .calls("chat.update")
    .slice(before)
    .filter(({ args }) => args["ts"] === message.ts);
  const owed = await world.query(
    "select 1 from effects e join access_requests r on r.id = e.request_id where kind = 'update_request' and r.reason = 'merged'",
  );
  expect(owed.length).toBeGreaterThanOrEqual(4);
  expect(sent.length).toBeLessThan(owed.length);
  expect(slack.thread(message).some(({ visibleText }) => visibleText.includes("Still waiting"))).toBe(false);
  expect(slack.fresh(message).visibleText).toContain("This grant ended");
});
