import { ask, numberOf, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ transport: "http" });
});
afterAll(() => world?.stop());

it("a click that opens a form, delivered three times, opens one, and nobody is told of a fault", async () => {
  const { slack } = world;
  const bob = slack.as("bob");
  const message = await ask(world, "alice", "orders-db read 1h looking");
  await bob.presses(message, "Deny", { deliverTimes: 3 });
  await slack.until(() => bob.modal(), "the form that asks why");
  await bob.fills("Reason", "not today");
  await bob.submits();
  await threadSays(world, message, "Denied by");
  await bob.types("/request-access", { times: 3 });
  await slack.until(() => bob.modal(), "the form to ask by");
  await bob.closes({ all: true });
  expect(bob.modal()).toBeUndefined();
  expect(bob.ephemerals().map(({ visibleText }) => visibleText)).toEqual(
    expect.not.arrayContaining([expect.stringContaining("went wrong")]),
  );
});

it("two approvers at the same instant, each click delivered three times, 50 times: one decision and one grant", async () => {
  const { slack } = world;
  for (let round = 0; round < 50; round += 1) {
    const message = await ask(world, "alice", `orders-db read 1h round ${round}`);
    const clicks = ["bob", "carol"].map((who) =>
      slack.as(who).presses(message, "Approve", { deliverTimes: 3 }),
    );
    await Promise.all(clicks);
    const number = numberOf(message);
    const events = await world.audited(number);
    expect(events.filter((type) => type === "request.approved")).toHaveLength(1);
    expect(events.filter((type) => type === "approval.given")).toHaveLength(1);
    expect(events.filter((type) => type === "grant.started")).toHaveLength(1);
    // Whoever was second is recorded once, not once a delivery; whoever was first not at all.
    expect(events.filter((type) => type === "decision.refused").length).toBeLessThanOrEqual(1);
    const [row] = await world.query<{ grants: number; approvals: number }>(
      `select jsonb_array_length(decisions) as approvals,
              (select count(*)::int from grants g where g.request_id = r.id) as grants
       from access_requests r where number = $1`,
      [number],
    );
    expect(row).toEqual({ grants: 1, approvals: 1 });
  }
}, 120_000);

it("a command that Slack delivers three times is one request", async () => {
  const { slack } = world;
  await slack.as("erin").types("/request-access orders-db read 1h thrice", { times: 3 });
  const rows = await world.query("select 1 from access_requests where reason = 'thrice'");
  expect(rows).toHaveLength(1);
});
