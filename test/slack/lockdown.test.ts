import { ask, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world?.stop());

async function live(person: string): Promise<Awaited<ReturnType<typeof ask>>> {
  const message = await ask(world, person, "orders-db read 1h looking");
  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  return message;
}

it("somebody who is locked down loses all at once and gets nothing, until it is lifted", async () => {
  const { slack, guarded } = world;
  const granted = await live("alice");
  const pending = await ask(world, "alice", "orders-db write 1h more", "#orders-approvals");
  await slack.as("dana").types("/access lockdown <@U0ALICE|alice> her laptop was stolen");
  await toldAlone(world, "dana", "alice@example.com is locked down");
  await threadSays(world, granted, "(lockdown)");
  await threadSays(world, pending, "Closed: lockdown");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .some(({ visibleText }) =>
          visibleText.includes("locked alice@example.com down: her laptop was stolen"),
        ),
    "the alert",
  );

  await slack.as("alice").types("/request-access orders-db read 1h again");
  await toldAlone(world, "alice", "is locked down: her laptop was stolen");
  await slack.as("dana").types("/access lift alice@example.com");
  await toldAlone(world, "dana", "is no longer locked down");
  await live("alice");
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
});

it("a resource that is locked down is given to nobody, also not by an approval that was on its way", async () => {
  const { slack, guarded } = world;
  const granted = await live("alice");
  await slack.as("dana").types("/access lockdown orders-db somebody is inside");
  await threadSays(world, granted, "(lockdown)");
  await slack.as("erin").types("/request-access orders-db read 1h on call");
  await toldAlone(world, "erin", "orders-db is locked down: somebody is inside");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  expect(await guarded.rolesOf("erin")).toEqual([]);
});

it("only admins lock down and lift, and whoever tries is recorded", async () => {
  const { slack } = world;
  await slack.as("bob").types("/access lockdown orders-db because");
  await toldAlone(world, "bob", "Only admins may lock down");
  expect(await world.audited()).toContain("lockdown.refused");
  await live("alice");
});

it("a lockdown that another process has just begun is kept when the access is granted", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 1h looking");
  await world.query(
    `insert into lockdowns (id, kind, value, reason, locked_by, locked_at)
     values (gen_random_uuid(), 'resource', 'orders-db', 'somebody is inside', 'dana@example.com', now())`,
  );
  await slack.as("bob").presses(message, "Approve");
  await slack.until(
    () => slack.thread(message).some(({ visibleText }) => /locked down|lockdown/.test(visibleText)),
    "the lockdown to be said",
  );
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

it("/access mine says what somebody has and waits for", async () => {
  const { slack } = world;
  await slack.as("alice").types("/access");
  await toldAlone(world, "alice", "You have no access now");
  await live("alice");
  await ask(world, "alice", "orders-db write 1h more", "#orders-approvals");
  await slack.as("alice").types("/access mine");
  const told = await toldAlone(world, "alice", "orders-db:read until");
  expect(told.visibleText).toContain("orders-db:write waits for approval");
  await slack.as("alice").types("/access nonsense");
  await toldAlone(world, "alice", "/access lockdown PERSON-or-RESOURCE REASON");
});
