import { PEOPLE } from "../../slack-simulator/seed.ts";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import type { Names } from "../guarded/postgres.ts";
import { ask, numberOf, opensBy, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: writing takes two
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ count: 2, from: [carol@example.com, cora@example.com, dana@example.com] }]
  - name: reading takes a lead, or broken glass
    requesters: [everyone]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads, group:chiefs, anna@example.com] }]
    break_glass: { by: [group:engineers], review_by: [group:security, alba@example.com], within: 24h }
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({
    policy: withChiefs,
    slack: { seed: { people: [...PEOPLE], usergroups: [{ handle: "chiefs", members: ["erin"] }] } },
  });
});
afterAll(() => world?.stop());

function withChiefs(names: Names): string {
  return policyWith(rules)(names).replace("  on-call:", '  chiefs: { slack: "@chiefs" }\n  on-call:');
}

/** Everybody as they were. */
afterEach(async () => {
  const { people } = world.slack;
  for (const { name } of PEOPLE.filter(
    ({ deleted, isStranger, isRestricted }) => !deleted && !isStranger && !isRestricted,
  )) {
    await people.makeMember(name);
    await people.reactivate(name);
    await people.changeEmail(name, name === "alice2" ? "alice@example.com" : `${name}@example.com`);
  }
});

async function live(person: "alice" | "bob" | "erin"): Promise<SeenMessage> {
  const message = await ask(world, person, "orders-db read 1h looking");
  await world.slack.as(person === "bob" ? "carol" : "bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  return message;
}

const refusedOn = async (message: SeenMessage): Promise<number> => {
  const events = await world.audited(numberOf(message));
  return events.filter((type) => type === "decision.refused").length;
};

describe("nobody decides their own request, whatever address they show", () => {
  it("by an address that may approve", async () => {
    const { slack, guarded } = world;
    const message = await ask(world, "alice", "orders-db read 1h mine");
    await slack.people.changeEmail("alice", "anna@example.com");
    await slack.as("alice").presses(message, "Approve");
    await toldAlone(world, "alice", "Nobody decides their own request");
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
    expect(await refusedOn(message)).toBe(1);
    expect(await guarded.rolesOf("alice")).toEqual([]);
  });

  it("by a user group of Slack that they are in, also where Slack told nobody of the change", async () => {
    const { slack, guarded } = world;
    const message = await ask(world, "erin", "orders-db read 1h mine too");
    await slack.people.changeEmail("erin", "elsa@example.com", { isMissed: true });
    await slack.as("erin").presses(message, "Approve");
    await toldAlone(world, "erin", "Nobody decides their own request");
    expect(await guarded.rolesOf("erin")).toEqual([]);
  });

  it("nor reviews their own break-glass", async () => {
    const { slack } = world;
    const message = await ask(world, "alice", "orders-db read 1h break-glass it burns");
    await threadSays(world, message, "Granted to");
    await slack.people.changeEmail("alice", "alba@example.com");
    await opensBy(world, "alice", message, "Review break-glass");
    await slack.as("alice").chooses("Break-glass", "It was justified");
    await slack.as("alice").fills("What you found", "all was well");
    expect(JSON.stringify(await slack.as("alice").submits())).toContain("Nobody decides their own request");
    await slack.as("alice").closes();
    expect(slack.fresh(message).buttons).toContain("Review break-glass");
    await slack.as("dana").presses(message, "End access");
    await threadSays(world, message, "Revoked and verified");
  });
});

it("nobody counts twice, whatever address they show", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db write 1h two of two");
  await slack.as("carol").presses(message, "Approve");
  await threadSays(world, message, "1 of 2");
  await slack.people.changeEmail("carol", "cora@example.com");
  await slack.as("carol").presses(message, "Approve");
  await toldAlone(world, "carol", "already decided this request");
  expect(slack.fresh(message).visibleText).toContain("Needs 1 more: cora@example.com or <@U0DANA>");
  await slack.as("dana").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await slack.as("dana").presses(message, "End access");
  await threadSays(world, message, "Revoked and verified");
});

it("whoever changes their address keeps what is theirs: they see it, give it back, and are locked down by either", async () => {
  const { slack, guarded } = world;
  const message = await live("alice");
  await slack.people.changeEmail("alice", "alexa@example.com");
  await slack.as("alice").types("/access mine");
  await toldAlone(world, "alice", `AR-${numberOf(message)} orders-db:read until`);

  await slack.as("dana").types("/access lockdown <@U0ALICE|alice> gone rogue");
  await toldAlone(world, "dana", "alexa@example.com is locked down: 1 grant is ending");
  await threadSays(world, message, "(lockdown)");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await slack.as("alice").types("/request-access orders-db read 1h again");
  await toldAlone(world, "alice", "is locked down: gone rogue");
  await slack.people.changeEmail("alice", "alice@example.com");
  await slack.as("alice").types("/request-access orders-db read 1h under the old one");
  await slack.until(
    () =>
      slack
        .as("alice")
        .ephemerals()
        .filter(({ visibleText }) => visibleText.includes("gone rogue")).length > 1,
    "alice to be refused again",
  );
  await slack.as("dana").types("/access lift alice@example.com");
  await toldAlone(world, "dana", "alice@example.com is no longer locked down");

  const again = await live("alice");
  await slack.people.changeEmail("alice", "alexa@example.com");
  const granted = await toldDirectly(
    world,
    "alice",
    `AR-${numberOf(again)} (Orders database (production) · Read only): you have access`,
  );
  await slack.as("alice").presses(granted, "Give back");
  await threadSays(world, again, "Revoked and verified");
});

describe("access ends with whoever has it, and with nobody else", () => {
  it("an account that becomes a guest loses it", async () => {
    const message = await live("alice");
    await world.slack.people.makeGuest("alice");
    await threadSays(world, message, "Revoked and verified");
    expect(await world.guarded.rolesOf("alice")).toEqual([]);
  });

  it("another company's account, or an old one, of the same address ends nothing of a colleague", async () => {
    const { slack, guarded } = world;
    const message = await live("alice");
    const mine = await ask(world, "alice2", "orders-db read 1h by my other account");
    await slack.people.change("sam", { email: "alice@example.com", deleted: true });
    await slack.people.deactivate("alice2");
    await threadSays(world, mine, "Closed: the person has left");
    await world.slack.as("bob").presses(message, "End access");
    const ended = await threadSays(world, message, "Revoked and verified");
    expect(ended.visibleText).toContain("(withdrawn)");
    expect(await guarded.rolesOf("alice")).toEqual([]);
  });

  it("whoever asked is looked at again when the last approval is counted, whether or not Slack told of it", async () => {
    const { slack, guarded } = world;
    for (const leave of [slack.people.makeGuest, slack.people.deactivate]) {
      const message = await ask(world, "alice", "orders-db read 1h before I am a guest");
      await leave("alice", { isMissed: true });
      await slack.as("bob").presses(message, "Approve");
      await toldAlone(world, "bob", "may not have access any more");
      await threadSays(world, message, "Closed: the person has left");
      expect(await guarded.rolesOf("alice")).toEqual([]);
      await slack.people.makeMember("alice");
      await slack.people.reactivate("alice");
    }
  });

  it("an approval of who has left does not count, and the message says so", async () => {
    const { slack } = world;
    const message = await ask(world, "alice", "orders-db write 1h carol leaves");
    await slack.as("carol").presses(message, "Approve");
    await threadSays(world, message, "1 of 2");
    await slack.people.deactivate("carol", { isMissed: true });
    await slack.as("dana").presses(message, "Approve");
    await threadSays(world, message, "does not count any more: they have left");
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
    await slack.until(
      () => slack.fresh(message).visibleText.includes("No longer counts: <@U0CAROL>"),
      "the card to say so",
    );
    expect(
      (await world.audited(numberOf(message))).filter((type) => type === "approval.discounted"),
    ).toHaveLength(1);
  });
});

it("the address of who has left is somebody else's then, who is asked about what the other did no more", async () => {
  const { slack } = world;
  const before = await ask(world, "erin", "orders-db read 1h before I leave");
  await slack.people.deactivate("erin");
  await threadSays(world, before, "Closed: the person has left");
  await slack.people.join({ name: "erin9", email: "erin@example.com" });
  const after = await ask(world, "erin9", "orders-db read 1h I am new");
  await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .some(({ visibleText }) => /erin@example\.com was person \d+, who has left/.test(visibleText)),
    "the alerts to say so",
  );
  const rows = await world.query<{ person: number }>(
    "select distinct requester_person as person from access_requests where number = any ($1)",
    [[numberOf(before), numberOf(after)]],
  );
  expect(rows).toHaveLength(2);
  await slack.people.deactivate("erin9");
});
