import { ask, numberOf, toldAlone } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { ordinaryPolicy, startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({
    policy: (names) => ordinaryPolicy(names).replace("settings: {", "settings: { max_pending: 2,"),
  });
});
afterAll(() => world?.stop());

it("who asks for the very same again is told of the request that waits, by command and in the form", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db read 1h the same");
  const waits = `AR-${numberOf(message)} already waits for approval`;
  await slack.as("alice").types("/request-access orders-db read 1h the same");
  await toldAlone(world, "alice", waits);
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, {
    resource: "Orders database (production)",
    role: "Read only",
    duration: "1h",
    reason: "the same",
  });
  expect(JSON.stringify(await alice.submits())).toContain(waits);
  await alice.closes();
  expect(slack.channel("#access-requests").messages()).toHaveLength(1);
  expect(await world.audited()).toEqual(["request.created"]);
});

it("one more than may wait is refused, on record, with what to do, until one is decided", async () => {
  const { slack } = world;
  const second = await ask(world, "alice", "orders-db read 1h the second");
  await slack.as("alice").types("/request-access orders-db read 1h the third");
  const told = await toldAlone(
    world,
    "alice",
    "At most 2 of your requests may wait for a decision at a time",
  );
  expect(told.visibleText).toContain("Cancel one that you do not need any more");
  expect((await world.audited()).at(-1)).toBe("request.refused");
  expect(slack.channel("#access-requests").messages()).toHaveLength(2);
  await slack.as("bob").presses(second, "Deny");
  await slack.until(() => slack.as("bob").modal(), "the form");
  await slack.as("bob").fills("Reason", "not now");
  await slack.as("bob").submits();
  await ask(world, "alice", "orders-db read 1h the third");
});
