import { ask, numberOf, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: on-call reads at once
    requesters: [group:on-call]
    access: ["orders-db:read"]
    decision: allow
    extend: { times: 1, by: 30m }
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_active: 1
    extend: { times: 1, by: 1h }
  - name: writing takes a lead
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;

const minute = 60_000;
let world: World;
beforeEach(async () => {
  world = await startWorld({ policy: policyWith(rules) });
});
afterEach(() => world?.stop());

it("access that was given back ends at once", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db write 1h looking");
  await slack.as("bob").presses(message, "Approve");
  const told = await toldDirectly(world, "alice", "you have access");
  expect(told.buttons).toEqual(["Give back"]);
  await slack.as("alice").presses(told, "Give back");
  await threadSays(world, message, "(given back)");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.as("alice").presses(told, "Give back");
  await toldAlone(world, "alice", "The access has already ended");
  expect(await world.audited(numberOf(message))).toEqual(
    expect.arrayContaining(["grant.revoking", "grant.revoked", "decision.refused"]),
  );
});

it("a request that nobody has decided is cancelled by whoever asked, once", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db write 1h by mistake");
  const told = await toldDirectly(world, "alice", "It waits for approval");
  expect(told.buttons).toEqual(["Cancel request"]);
  await slack.as("alice").presses(told, "Cancel request");
  await threadSays(world, message, "Cancelled by the person who asked.");
  await slack.until(() => slack.fresh(message).buttons.length === 0, "the buttons to go");
  expect(slack.fresh(message).visibleText).toContain("Closed before it was decided");
  await slack.as("alice").presses(told, "Cancel request");
  await toldAlone(world, "alice", "This request was closed before it was decided");
  expect(await world.audited(numberOf(message))).toEqual(["request.created", "request.cancelled"]);
});

it("what is approved already is not cancelled any more, which is said and recorded", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db write 1h looking");
  const told = await toldDirectly(world, "alice", "It waits for approval");
  await slack.as("bob").presses(message, "Approve");
  await toldDirectly(world, "alice", "you have access");
  await slack.as("alice").presses(told, "Cancel request");
  await toldAlone(world, "alice", "already");
  expect(await world.audited(numberOf(message))).toContain("decision.refused");
});

it("whoever's rule asks nobody extends at once, as often as it says; the end moves", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "erin", "orders-db read 1h looking");
  const told = await toldDirectly(world, "erin", "you have access");
  await slack.as("erin").presses(told, "Extend by 30m");
  await toldAlone(world, "erin", "lasts 30m longer");
  await threadSays(world, message, "Extended by");
  await slack.as("erin").presses(told, "Extend by 30m");
  await toldAlone(world, "erin", "as often as the rule allows");
  world.advance(61 * minute);
  expect(await guarded.rolesOf("erin")).toEqual([guarded.names.read]);
  world.advance(30 * minute);
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("erin")).toEqual([]);
  const ended = (await world.audited(numberOf(message))).filter((type) => type === "grant.revoked");
  expect(ended).toHaveLength(1);
});

it("where the rule takes an approval, so does the extension; reminders offer it", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 1h looking");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  world.advance(46 * minute);
  const reminder = await toldDirectly(world, "alice", "your access ends");
  await slack.as("alice").presses(reminder, "Extend by 1h");
  const extension = await slack.until(
    () => slack.channel("#access-requests").messages()[1],
    "the request to extend",
  );
  expect(extension.visibleText).toContain(` · extends AR-${numberOf(message)}`);
  await slack.as("alice").presses(reminder, "Extend by 1h");
  await toldAlone(world, "alice", "waits for approval");
  await slack.as("bob").presses(extension, "Approve");
  await threadSays(world, message, "Extended by");
  world.advance(16 * minute);
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
  world.advance(60 * minute);
  await threadSays(world, message, "Revoked and verified");
});

it("an extension that nobody approves before the end comes too late", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 10m looking");
  await slack.as("bob").presses(message, "Approve");
  const told = await toldDirectly(world, "alice", "you have access");
  await slack.as("alice").presses(told, "Extend by 1h");
  const extension = await slack.until(
    () => slack.channel("#access-requests").messages()[1],
    "the request to extend",
  );
  world.advance(11 * minute);
  await threadSays(world, message, "Revoked and verified");
  await threadSays(world, extension, "Nobody decided in time");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});
