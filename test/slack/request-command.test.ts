import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
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
  await person.types(`/request-access ${text}`);
  const said = await slack.until(() => person.ephemerals()[before], `an answer to ${text}`);
  expect(said.isEphemeral).toBe(true);
  return said.renderedText;
}

async function counts(): Promise<{ readonly requests: number; readonly events: number }> {
  const count = async (table: string): Promise<number> =>
    (await world.query(`select 1 from ${table}`)).length;
  return { requests: await count("access_requests"), events: await count("audit_events") };
}

function messages(): readonly SeenMessage[] {
  return ["#access-requests", "#orders-approvals", "#access-alerts", "#general"].flatMap((channel) =>
    world.slack.channel(channel).messages(),
  );
}

const mistakes: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
  ["one word", "orders-db", [/RESOURCE ROLE DURATION REASON/, /For example: \/request-access/]],
  ["no duration", "orders-db read", [/RESOURCE ROLE DURATION REASON/]],
  ["a colon and no duration", "orders-db:read", [/RESOURCE ROLE DURATION REASON/]],
  ["an unknown resource", "order-db read 1h x", [/no resource "order-db"/, /did you mean orders-db\?/]],
  [
    "an unknown role",
    "orders-db reed 1h x",
    [/no role "reed"/, /did you mean read\?/, /ask for read, write/],
  ],
  ["words in another order", "orders-db read fixing it", [/“fixing” is not a duration/, /45m, 2h or 1h30m/]],
  ["no time", "orders-db read 0m x", [/“0m” is not a duration/]],
  ["a negative duration", "orders-db read -5m x", [/“-5m” is not a duration/]],
  ["a thousand years", "orders-db write 999999d x", [/^At most 4h /]],
  ["no reason", "orders-db read 1h", [/what you need the access for/]],
  ["an invisible reason", "orders-db read 1h \u200B\u2060", [/what you need the access for/]],
  ["a reason too long", `orders-db read 1h ${"x".repeat(3001)}`, [/At most 3000 characters/, /3001/]],
];

it.each(mistakes)("answers %s to the person alone and records nothing", async (_, text, said) => {
  const before = await counts();
  const heard = await answer("alice", text);
  for (const part of said) expect(heard).toMatch(part);
  expect(await counts()).toEqual(before);
  expect(messages()).toEqual([]);
});

it("names no resource or role that the person may not ask for", async () => {
  for (const text of [
    "orders-d read 1h x",
    "nothing read 1h x",
    "orders-db reed 1h x",
    "ghost-dd any 1h x",
  ]) {
    const heard = await answer("carol", text);
    expect(heard).toContain("none that you may ask for");
    const typed = text.split(" ");
    const secrets = ["orders-db", "ghost-db", "Orders database", "read", "write"];
    expect(secrets.filter((secret) => !typed.includes(secret) && heard.includes(secret))).toEqual([]);
  }
  expect(messages()).toEqual([]);
});

it("says and records that the policy refuses, and posts nothing", async () => {
  expect(await answer("alice", "orders-db write 5h too long")).toMatch(
    /^At most 4h .* \(Recorded as AR-\d+\.\)$/,
  );
  expect(await answer("carol", "orders-db read 1h please")).toMatch(
    /No rule lets you .* \(Recorded as AR-\d+\.\)$/,
  );
  const rows = await world.query("select distinct status from access_requests");
  expect(rows).toEqual([{ status: "refused" }]);
  expect(messages()).toEqual([]);
});

it("takes RESOURCE:ROLE as one word, and says who must approve where", async () => {
  const { slack } = world;
  const heard = await answer("alice", "orders-db:write 1h30m mending INC-5.");
  expect(heard).toMatch(/^AR-\d+: you asked for Orders database \(production\) · Read and write for 1h30m\./);
  expect(heard).toMatch(/bob@example\.com, carol@example\.com must approve it in #orders-approvals/);
  const message = await slack.until(() => slack.channel("#orders-approvals").messages()[0], "the message");
  expect(message.visibleText).toMatch(/^<@U0ALICE> asks · .* · INC-5$/m);
  expect(message.visibleText).toContain("mending INC-5.");
});

it("files one request for a command delivered three times", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  const before = await counts();
  await alice.types("/request-access orders-db read 30m thrice delivered", { times: 3, how: "concurrently" });
  await slack.until(() => slack.channel("#access-requests").messages()[0], "the approval message");
  expect((await counts()).requests).toBe(before.requests + 1);
});

it("grants at once what a rule allows, and tells the channel so without asking anybody", async () => {
  const { slack, guarded } = world;
  const heard = await answer("erin", "orders-db read 30m on call");
  expect(heard).toMatch(/^AR-\d+: .* is allowed at once and is being granted\.$/);
  await slack.until(
    async () => (await guarded.rolesOf("erin")).includes(guarded.names.read),
    "the membership",
  );
  const message = await slack.until(
    () =>
      slack
        .channel("#access-requests")
        .messages()
        .find(({ visibleText }) => visibleText.includes("on call")),
    "the message",
  );
  await slack.until(
    () => slack.thread(message).some(({ visibleText }) => visibleText.includes("Granted to")),
    "the thread to say granted",
  );
  expect(slack.fresh(message).visibleText).toContain("Approved by the policy (rule on-call reads at once)");
  await slack.until(
    () => slack.fresh(message).visibleText.includes("Access until"),
    "the message to say until when",
  );
  expect(slack.fresh(message).buttons).toEqual(["End access"]);
  const posted = slack.calls("chat.postMessage").map(({ args }) => JSON.stringify(args["blocks"]));
  expect(posted.filter((blocks) => blocks.includes("approve_request") && blocks.includes("on call"))).toEqual(
    [],
  );
  await slack.until(
    () =>
      slack
        .as("erin")
        .directMessages()
        .some(({ visibleText }) => visibleText.includes("you have access")),
    "erin to be told",
  );
});
