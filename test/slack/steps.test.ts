import { ask, numberOf, opensBy, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: writing takes a lead, then security
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals:
      - from: [group:leads]
      - { from: [group:security, group:leads], notify: group:security }
    timeout: 8h
    remind_every: 15m
    escalate: { after: 30m, to: [group:on-call] }
    max_duration: 4h
  - name: reading is started by whoever asked
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads], notify: none }]
    start_within: 1h
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({ policy: policyWith(rules) });
});
afterAll(() => world?.stop());

it("two steps: the second is asked when the first is done, and only then is access granted", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db write 1h fixing INC-1");
  expect(message.visibleText).toMatch(
    /^Needs <@U0BOB> or <@U0CAROL>, then security or leads \(step 1 of 2\)/m,
  );

  await slack.as("dana").presses(message, "Approve");
  await toldAlone(world, "dana", "An earlier step is still waiting");
  await slack.as("bob").presses(message, "Approve");
  const asked = await threadSays(world, message, "The next step waits for");
  expect(asked.visibleText).toContain("<@U0DANA>");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.until(() => slack.fresh(message).visibleText.includes("step 2 of 2"), "the second step");

  await slack.as("bob").presses(message, "Approve");
  await toldAlone(world, "bob", "already decided");
  await slack.as("dana").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);
  world.advance(61 * 60_000);
  await threadSays(world, message, "Revoked and verified");
});

it("an unanswered request is reminded of, then others may decide it too", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db write 1h fixing INC-2");
  await slack.as("erin").presses(message, "Approve");
  await toldAlone(world, "erin", "You are not among the people");
  world.advance(16 * 60_000);
  const reminder = await threadSays(world, message, "Still waiting for");
  expect(reminder.visibleText).toContain("<@U0BOB>");
  world.advance(15 * 60_000);
  const escalated = await threadSays(world, message, "these may now too");
  expect(escalated.visibleText).toContain("<@U0ERIN>");
  await slack.as("erin").presses(message, "Approve");
  await threadSays(world, message, "Approved by <@U0ERIN> (1 of 1, step 1 of 2)");
  await opensBy(world, "dana", message, "Deny");
  await slack.as("dana").fills("Reason", "not today");
  await slack.as("dana").submits();
  await threadSays(world, message, "Denied by");
});

it("whom a step does not ping is named without being mentioned", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db read 1h looking");
  expect(message.visibleText).toContain("Needs bob@example.com or carol@example.com");
  await opensBy(world, "bob", message, "Deny");
  await slack.as("bob").fills("Reason", "no");
  await slack.as("bob").submits();
  await threadSays(world, message, "Denied by");
});

it("approved access begins when whoever asked starts it, and lasts from then", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 10m looking at INC-3");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "The person who asked starts it until");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  const told = await toldDirectly(world, "alice", "Start it when you need it");
  world.advance(30 * 60_000);
  await slack.as("alice").presses(told, "Start access");
  await threadSays(world, message, "Granted to");
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
  world.advance(11 * 60_000);
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

it("approved access that nobody starts lapses, and cannot be started any more", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 10m looking at INC-4");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "The person who asked starts it until");
  const told = await toldDirectly(
    world,
    "alice",
    `AR-${numberOf(message)} (Orders database (production) · Read only): approved. Start it`,
  );
  world.advance(61 * 60_000);
  await threadSays(world, message, "not started in time");
  await slack.as("alice").presses(told, "Start access");
  await toldAlone(world, "alice", "expired");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});
