import { PEOPLE } from "../../slack-simulator/seed.ts";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const rules = `
  - name: writing takes a lead, or broken glass
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
    remind_every: 15m
    escalate: { after: 20m, to: [group:on-call] }
    break_glass: { by: [group:on-call], review_by: [group:security], within: 24h }
  - name: reading takes an incident
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    requires: { ticket: { matches: "^INC-[0-9]+$" } }
`;
const orders = "Orders database (production)";

let world: World;
beforeAll(async () => {
  const people = PEOPLE.map((person) =>
    person.name === "alice" ? { ...person, realName: "Ali\u200Bce\u00AD \u{E0041}\u202EA.\u3164" } : person,
  );
  world = await startWorld({ policy: policyWith(rules), slack: { seed: { people } } });
});
afterEach(() => {
  assertNoProblems(world.slack);
});
afterAll(() => world?.stop());

/** What only this person is answered. */
async function answer(who: string, text: string): Promise<string> {
  const { slack } = world;
  const person = slack.as(who);
  const before = person.ephemerals().length;
  await person.types(text);
  return (await slack.until(() => person.ephemerals()[before], `an answer to ${text}`)).renderedText;
}

/** Has a person ask by command, and waits for the approval message that says this. */
async function asks(who: string, text: string, saying: string): Promise<SeenMessage> {
  await world.slack.as(who).types(`/request-access ${text}`);
  return posted(saying);
}

function posted(saying: string): Promise<SeenMessage> {
  const { slack } = world;
  return slack.until(
    () =>
      slack
        .channel("#access-requests")
        .messages()
        .find(({ visibleText }) => visibleText.includes(saying)),
    `a request that says “${saying}”`,
  );
}

it("takes access at once however break-glass is spelled, and says so", async () => {
  const heard = await answer("erin", "/request-access orders-db write 30m Break–glass shop is down");
  expect(heard).toMatch(/ is being granted without approval\. It is said in #access-alerts/);
  const message = await posted("shop is down");
  expect(message.visibleText).not.toMatch(/break.glass shop/i);
  await threadSays(world, message, "taken by break-glass, without approval");
});

it("files an ordinary request whose reason speaks of break-glass, and says how to write it", async () => {
  const message = await asks("erin", "orders-db write 31m fixing the break glass flow", "glass flow");
  expect(message.buttons).toEqual(["Approve", "Deny"]);
  const heard = await toldAlone(world, "erin", "you asked for");
  expect(heard.renderedText).toMatch(
    /^AR-\d+: you asked for .* must approve it in #access-requests\. Nothing was taken yet\./,
  );
  expect(heard.renderedText).toContain("/request-access orders-db write 31m break-glass REASON.");
  expect(await world.query("select 1 from audit_events where type = 'break_glass.used'")).toHaveLength(1);
});

it("asks back where break glass may be the reason itself, and files nothing", async () => {
  const before = await world.query("select 1 from access_requests");
  const heard = await answer("erin", "/request-access orders-db write 30m break glass flow is broken");
  expect(heard).toMatch(/^Nothing was filed: /);
  expect(await world.query("select 1 from access_requests")).toHaveLength(before.length);
});

it("asks in the form whether a reason that begins with break-glass was to take the access", async () => {
  const { slack } = world;
  const erin = slack.as("erin");
  await opensForm(slack, erin);
  const reason = "break-glass: shop is down";
  await fillsForm(slack, erin, { resource: orders, role: "Read and write", duration: "32 min", reason });
  expect(await erin.submits()).toMatchObject({
    closed: false,
    errors: { Reason: expect.stringContaining("tick “Break glass”") },
  });
  await fillsForm(slack, erin, { reason: "after the break-glass of today" });
  expect(await erin.submits()).toMatchObject({ closed: true });
  await toldDirectly(world, "erin", "you asked for 32m.");
  await posted("break-glass of today");
});

it("reads names in other capitals and dashes, a duration in words and a pasted ticket, and shows what it read", async () => {
  const heard = await answer(
    "alice",
    "/request-access Orders–DB Read 2 hours &lt;https://acme.atlassian.net/browse/INC-42|the shop&gt; is down",
  );
  expect(heard).toMatch(/ · Read only for 2h\. .*\. Ticket: INC-42\.$/);
  const message = await posted("the shop");
  expect(message.visibleText).toMatch(/ asks · .* · INC-42$/m);
  expect(message.visibleText).toMatch(/ for 2h$/m);
});

it("shows the ticket it read where the rule takes another", async () => {
  const heard = await answer("alice", "/request-access orders-db read 1h utf-8 is broken");
  expect(heard).toBe(
    'The ticket is expected to have something like ^INC-[0-9]+$ (rule "reading takes an incident"); yours is "UTF-8".',
  );
});

it("reads the ticket of the form as it is pasted, and shows it", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, {
    resource: orders,
    role: "Read only",
    duration: "1.5 hours",
    reason: "the shop is slow",
    ticket: " “inc–43” ",
  });
  expect(await alice.submits()).toMatchObject({ closed: true });
  const told = await toldDirectly(world, "alice", "Ticket: INC-43.");
  expect(told.visibleText).toContain("you asked for 1h30m.");
});

it("shows nothing invisible of a person's name", async () => {
  const message = await asks("alice", "orders-db read 1h INC-44", " · INC-44");
  expect(message.visibleText).toMatch(/ · Alice A\., alice@example\.com · rule: /);
  expect(message.text).toBe("Alice A.: Orders database (production) · Read only for 1h. “INC-44” (AR-1006)");
});

it("names in the notification of a reminder whom the message mentions", async () => {
  const message = await asks("alice", "orders-db write 1h still here", "still here");
  world.advance(16 * 60_000);
  const reminded = await threadSays(world, message, "Still waiting for");
  expect(reminded.visibleText).toContain("<@U0BOB> or <@U0CAROL>");
  expect(reminded.text).toBe("⏰ Still waiting for bob@example.com or carol@example.com.");
  world.advance(5 * 60_000);
  const escalated = await threadSays(world, message, "these may now too");
  expect(escalated.text).toBe("⏫ Nobody has decided yet; these may now too: erin@example.com.");
});

it("locks down the resource that was meant, in whatever spelling", async () => {
  expect(await answer("dana", "/access Lockdown Orders–db somebody is inside")).toMatch(
    /^orders-db is locked down/,
  );
  expect(await answer("dana", "/access Lift “orders-db”")).toMatch(/^orders-db is no longer locked down/);
});
