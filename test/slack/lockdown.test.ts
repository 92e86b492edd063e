import { ask, threadSays, toldAlone } from "../support/ask.ts";
import { PEOPLE } from "../../slack-simulator/seed.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - { name: on-call reads at once, requesters: [group:on-call], access: ["orders-db:read"], decision: allow, max_duration: 8h }
  - name: reading takes one lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_duration: 8h
  - name: writing takes two
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ count: 2, from: [bob@example.com, carol@example.com, erin@example.com] }]
    channel: "#orders-approvals"
`;

let world: World;
beforeEach(async () => {
  world = await startWorld({
    policy: (names) =>
      policyWith(rules)(names).replace(
        "members: [dana@example.com]",
        "members: [dana@example.com, dora@example.com]",
      ),
    slack: { seed: { people: [...PEOPLE, { name: "dora" }] } },
  });
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

describe("whoever is locked down may do nothing", () => {
  it("decides nothing, and what they have approved does not count any more", async () => {
    const { slack, guarded } = world;
    const message = await ask(world, "alice", "orders-db write 1h two of two", "#orders-approvals");
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "1 of 2");
    await slack.as("dana").types("/access lockdown <@U0BOB|bob> his phone was stolen");
    await toldAlone(
      world,
      "dana",
      "0 grants are ending, 0 requests are closed, 1 approval of theirs does not count any more",
    );
    await threadSays(world, message, "does not count any more: they are locked down");

    await slack.as("bob").presses(message, "Approve");
    await toldAlone(world, "bob", "You are locked down, so nothing was done");
    await slack.as("carol").presses(message, "Approve");
    await threadSays(world, message, "1 of 2");
    expect(await guarded.rolesOf("alice")).toEqual([]);

    await slack.as("dana").types("/access lift bob@example.com");
    await toldAlone(world, "dana", "no longer locked down");
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
  });

  it("neither locks nor lifts, not even themselves, and reads no audit", async () => {
    const { slack } = world;
    await slack.as("dora").types("/access lockdown <@U0DANA|dana> she is not herself");
    await toldAlone(world, "dora", "dana@example.com is locked down");
    await slack.as("dana").types("/access lift dana@example.com");
    await toldAlone(world, "dana", "Nobody lifts their own lockdown");
    await slack.as("dana").types("/access lockdown <@U0DORA|dora> nor is she");
    await toldAlone(world, "dana", "You are locked down, so nothing was done. Another admin");
    await slack.as("dana").types("/access-audit export since 1d");
    await toldAlone(world, "dana", "You are locked down, so nothing was done. An admin");
    expect(slack.files()).toEqual([]);
    expect((await world.audited()).filter((type) => type.endsWith(".refused"))).toEqual([
      "lockdown.refused",
      "lockdown.refused",
      "audit.refused",
    ]);
    const rows = await world.query("select value, lifted_at from lockdowns");
    expect(rows).toEqual([{ value: "dana@example.com", lifted_at: null }]);
  });
});

it("a slip in an address locks nobody down, and says whom it may have meant", async () => {
  const { slack } = world;
  await slack.as("dana").types("/access lockdown alcie@example.com her laptop was stolen");
  await toldAlone(
    world,
    "dana",
    "Neither Slack nor the policy knows alcie@example.com; nobody was locked down. Did you mean alice@example.com?",
  );
  await slack.as("dana").types("/access lockdown oders-db because");
  await toldAlone(world, "dana", "Did you mean orders-db?");
  expect(await world.query("select 1 from lockdowns")).toEqual([]);
});
