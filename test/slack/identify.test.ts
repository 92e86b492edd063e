import { PEOPLE } from "../../slack-simulator/seed.ts";
import { ask, numberOf, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

const everybody = [...PEOPLE.map(({ name }) => name), "hallpass"];

let world: World;
beforeAll(async () => {
  world = await startWorld({
    slack: {
      seed: {
        people: [...PEOPLE, { name: "robot", isBot: true, email: "carol@example.com" }],
        channels: [
          { name: "general", members: [...everybody, "robot"] },
          { name: "access-requests", members: [...everybody, "robot"] },
          { name: "orders-approvals", members: everybody },
          { name: "access-alerts", members: everybody },
        ],
      },
    },
  });
});
afterAll(() => world?.stop());

/** What a request and its grant look like, all of it. */
async function everything(): Promise<unknown> {
  return Promise.all([
    world.query("select * from access_requests order by id"),
    world.query("select * from grants order by id"),
    world.query("select kind, done_at is null as open from effects order by seq"),
  ]);
}

describe("a click that may not decide changes nothing, is answered and recorded", () => {
  const refused: readonly { readonly who: string; readonly says: RegExp; readonly cannotSee?: true }[] = [
    { who: "alice", says: /Nobody decides their own request/ },
    { who: "alice2", says: /Nobody decides their own request/ },
    { who: "dana", says: /not among the people.*bob@example\.com, carol@example\.com/s },
    { who: "erin", says: /not among the people/ },
    { who: "greta", says: /Guests cannot/ },
    { who: "sam", says: /another (company|workspace)/ },
    { who: "robot", says: /Bots cannot/ },
  ];
  for (const { who, says } of refused) {
    for (const button of ["Approve", "Deny"]) {
      it(`${button} by ${who}`, async () => {
        const { slack } = world;
        const message = await ask(
          world,
          "alice",
          `orders-db write 1h trying ${button} as ${who}`,
          "#orders-approvals",
        );
        const number = numberOf(message);
        await slack.until(async () => (await dueEffects()) === 0, "all that is due to be done");
        const before = await everything();
        const person = slack.as(who);
        const told = person.ephemerals().length;
        await person.presses(message, button);
        const answer = await slack.until(() => person.ephemerals()[told], `${who} to be answered`);
        expect(answer.visibleText).toMatch(says);
        expect(person.modal()).toBeUndefined();
        expect(await everything()).toEqual(before);
        expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
        const [event] = await world.opened(
          "select type, actor_slack_id from audit_events order by seq desc limit 1",
        );
        expect(event).toEqual({ type: "decision.refused", actor_slack_id: person.id });
        expect(number).toBeGreaterThan(1000);
      });
    }
  }

  it("somebody deactivated after the message was posted", async () => {
    const { slack } = world;
    const message = await ask(world, "alice", "orders-db write 1h while carol leaves", "#orders-approvals");
    await slack.until(async () => (await dueEffects()) === 0, "all that is due to be done");
    const before = await everything();
    await slack.changeUser("carol", { deleted: true });
    const carol = slack.as("carol");
    await carol.presses(message, "Approve");
    await slack.until(
      () => carol.ephemerals().some(({ visibleText }) => /deactivated/.test(visibleText)),
      "carol to be answered",
    );
    expect(await everything()).toEqual(before);
    await slack.changeUser("carol", { deleted: false });
  });
});

it("an approver approves, and the requester's own e-mail in the approving group helps nobody", async () => {
  const { slack } = world;
  const message = await ask(world, "bob", "orders-db write 1h bob is a lead himself", "#orders-approvals");
  await slack.as("bob").presses(message, "Approve");
  await slack.until(() => slack.as("bob").ephemerals().length > 0, "bob to be answered");
  await slack.as("carol").presses(message, "Approve");
  await threadSays(world, message, "Approved by");
  await threadSays(world, message, "Granted to");
});

it("deny asks for the reason, ends the request, and tells the requester why", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db write 1h please", "#orders-approvals");
  const bob = slack.as("bob");
  await bob.presses(message, "Deny");
  await slack.until(() => bob.modal(), "the form that asks why");
  await bob.fills("Reason", "use the replica");
  expect((await bob.submits()).closed).toBe(true);
  const thread = await threadSays(world, message, "Denied by");
  expect(thread.visibleText).toContain("use the replica");
  await slack.until(() => slack.fresh(message).buttons.length === 0, "the buttons to go");
  expect(slack.fresh(message).visibleText).toContain("Denied by");
  await slack.until(
    () =>
      slack
        .as("alice")
        .directMessages()
        .some(({ visibleText }) => visibleText.includes("use the replica")),
    "alice to be told",
  );
  expect(await guarded.rolesOf("alice")).toEqual([]);
  expect((await world.audited(numberOf(message))).at(-1)).toBe("request.denied");
});

it("guests and strangers cannot ask either, and are recorded trying", async () => {
  const { slack } = world;
  for (const who of ["greta", "sam"]) {
    const person = slack.as(who);
    const told = person.ephemerals().length;
    const [{ count: before } = { count: 0 }] = await world.query<{ count: number }>(
      "select count(*)::int as count from access_requests",
    );
    await person.types("/request-access orders-db read 1h please");
    await slack.until(() => person.ephemerals()[told], `${who} to be answered`);
    expect(await world.query("select count(*)::int as count from access_requests")).toEqual([
      { count: before },
    ]);
    expect((await world.audited()).at(-1)).toBe("decision.refused");
  }
});

async function dueEffects(): Promise<number> {
  const [row] = await world.query<{ open: number }>(
    "select count(*)::int as open from effects where due_at <= statement_timestamp() and done_at is null",
  );
  return row?.open ?? 0;
}
