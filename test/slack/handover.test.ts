import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { type GuardedTool, startGuardedTool } from "../guarded/http.ts";
import { numberOf, threadSays, toldAlone, toldDirectly } from "../support/ask.ts";
import { choosesResource, fieldOf, fillsForm, opensForm } from "../support/form.ts";
import { startWorldOn, type World } from "../support/hallpass.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1 alice@laptop";
const tool = "Deployment host";

const policy = `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts" }
groups:
  engineers: { members: [alice@example.com, bob@example.com] }
providers:
  deploy-tool:
    type: http
    url: "\${ORDERS_TOOL_URL}"
    token: "\${ORDERS_TOOL_TOKEN}"
    input:
      public_key: { title: SSH public key, description: The line in ~/.ssh/id_ed25519.pub, matches: "^ssh-ed25519 " }
  plain-tool: { type: http, url: "\${ORDERS_TOOL_URL}", token: "\${ORDERS_TOOL_TOKEN}" }
resources:
  deploy:
    title: ${tool}
    provider: deploy-tool
    roles:
      login: { title: Log in, grant: { level: login } }
      root: { title: Administrator, grant: { level: root } }
  dashboard:
    title: Dashboard
    provider: plain-tool
    roles:
      read: { title: Look, grant: { level: read } }
rules:
  - name: engineers ask each other
    requesters: [group:engineers]
    access: ["*:*"]
    decision: review
    approvals: [{ from: [group:engineers] }]
    extend: { times: 2, by: 1h }
`;

let world: World<GuardedTool>;
let log: PassThrough;
beforeEach(async () => {
  log = new PassThrough();
  world = await startWorldOn(startGuardedTool, {
    policy: () => policy,
    transport: "http",
    log,
    logLevel: "trace",
  });
  world.guarded.endpoint.handOver("a one-time password");
});
afterEach(() => world?.stop());

/** Asked in the form, and approved. */
async function asks(role = "Log in", typed = key, reason = "a stuck deployment"): Promise<SeenMessage> {
  const { slack } = world;
  const alice = slack.as("alice");
  const before = slack.channel("#access-requests").messages().length;
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: tool, role, duration: "1h", reason });
  await alice.fills("SSH public key", typed);
  expect(await alice.submits()).toMatchObject({ closed: true });
  return slack.until(() => slack.channel("#access-requests").messages()[before], "the approval message");
}

async function isGiven(): Promise<SeenMessage> {
  const message = await asks();
  await world.slack.as("bob").presses(message, "Approve");
  await toldDirectly(world, "alice", "you have access");
  return message;
}

function requestToExtend(): Promise<SeenMessage> {
  const { slack } = world;
  return slack.until(
    () =>
      slack
        .channel("#access-requests")
        .messages()
        .find(({ visibleText }) => visibleText.includes(" extends AR-")),
    "the request to extend",
  );
}

/** What the window says that opens when somebody presses Show. */
async function shows(person: string, message: SeenMessage): Promise<string> {
  const { slack } = world;
  if (person === "alice") await slack.as(person).presses(message, "Show");
  else await claimsToPress(person, message);
  const modal = await slack.until(() => {
    const open = slack.as(person).modal();
    return open && !open.text.includes("One moment") ? open : undefined;
  }, "what was handed over");
  await slack.as(person).closes();
  return modal.text;
}

/** A press on somebody else's message, as only who holds the signing secret can send it. */
async function claimsToPress(person: string, seen: SeenMessage): Promise<void> {
  const { slack } = world;
  const { workspace } = slack;
  const [user, channel] = [workspace.user(slack.as(person).id), workspace.channel(seen.channelId)];
  const message = workspace.message(seen.channelId, seen.ts);
  if (!user || !channel || !message) throw new Error("nothing to press");
  const [grant] = await world.query<{ id: string }>("select id from grants");
  const action = { type: "button", action_id: "show_handover", block_id: "own", value: grant?.id };
  const payload = slack.payloads.blockActions(user, { kind: "message", message, channel }, action);
  expect(await slack.raw.deliver("interactive", payload)).toMatchObject({ status: 200 });
}

const secretIn = (words: string): string => /let-me-in-[\w-]+/u.exec(words)?.[0] ?? "";

/** Every row of every table, as text, with what is sealed in the audit opened. */
async function everything(): Promise<string> {
  const tables = await world.query<{ name: string }>(
    "select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')",
  );
  const rows = await Promise.all(tables.map(({ name }) => world.query(`select t::text from ${name} t`)));
  const audit = await world.opened("select * from audit_events");
  return JSON.stringify([rows, audit]);
}

it("asks in the form for what the provider takes, only where it takes it, and keeps what was typed", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await choosesResource(slack, alice, "Dashboard");
  expect(alice.modal()?.fields.map(({ label }) => label)).not.toContain("SSH public key");
  await fillsForm(slack, alice, { resource: tool, role: "Log in" });
  expect(fieldOf(alice, "SSH public key")).toMatchObject({
    optional: false,
    hint: "Approvers read this: no secrets. The line in ~/.ssh/id_ed25519.pub",
  });
  await alice.fills("SSH public key", key);
  await fillsForm(slack, alice, { role: "Administrator" });
  expect(fieldOf(alice, "SSH public key").value).toBe(key);
  await alice.closes();
  assertNoProblems(slack);
});

it("says at its field that something else was typed, and files nothing", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: tool, role: "Log in", duration: "1h", reason: "a deployment" });
  for (const typed of ["my key", "ssh-rsa AAAA"]) {
    await alice.fills("SSH public key", typed);
    expect(await alice.submits()).toMatchObject({
      closed: false,
      errors: { "SSH public key": "SSH public key: expected something like ^ssh-ed25519 ." },
    });
  }
  expect(await world.query("select 1 from access_requests")).toEqual([]);
  await alice.closes();
});

it("shows approvers what was typed, tells it to the provider, and has it in the audit", async () => {
  const message = await asks("Log in", `  ${key}\n`);
  expect(message.visibleText).toContain(`SSH public key: ${key}`);
  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  const granted = world.guarded.endpoint.log().filter(({ call }) => call === "grant");
  expect(granted).toMatchObject([
    { subject: "alice", target: { level: "login" }, input: { public_key: key } },
  ]);
  expect(await world.opened("select data from audit_events where type = 'grant.started'")).toMatchObject([
    { data: { input: { public_key: key } } },
  ]);
});

it("asks once and shows once what a bundle of one provider's roles takes", async () => {
  const { slack } = world;
  const both = '  both: { title: Both, roles: { all: { bundle: ["deploy:login", "deploy:root"] } } }\n';
  await world.reloads(policy.replace("rules:\n", `${both}rules:\n`));
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: "Both", duration: "1h", reason: "a deployment" });
  await alice.fills("SSH public key", key);
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the request");
  expect(message.visibleText.split(key)).toHaveLength(2);
  await slack.as("bob").presses(message, "Approve");
  await slack.until(
    () => world.guarded.endpoint.log().filter(({ call, input }) => call === "grant" && input).length === 2,
    "both to be given, with what was typed",
  );
});

it("takes a second request with another key for another one", async () => {
  const first = await asks();
  const second = await asks("Log in", `${key}2`);
  expect(numberOf(second)).toBe(numberOf(first) + 1);
});

it("opens the form with the rest filled in where a command cannot say it all", async () => {
  const { slack } = world;
  const alice = slack.as("alice");
  const answer = await alice.types("/request-access deploy root 45m a stuck deployment INC-7");
  expect(JSON.stringify(answer)).toContain("Type it into the form that has opened");
  expect(fieldOf(alice, "Role").value).toBe("Administrator");
  expect(fieldOf(alice, "Duration").value).toBe("45m");
  expect(fieldOf(alice, "Reason").value).toBe("a stuck deployment INC-7");
  await alice.fills("SSH public key", key);
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the request");
  expect(message.visibleText).toContain("Deployment host · Administrator");
});

it("shows what was handed over to whoever asked, once, and says so to everybody else", async () => {
  const { slack, guarded } = world;
  const message = await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  expect(told.visibleText).toContain("It comes with a one-time password");
  expect(told.buttons).toEqual(["Show", "Extend by 1h", "Give back"]);

  const shown = await shows("alice", told);
  expect(shown).toContain("AR-1001 comes with a one-time password:");
  expect(guarded.endpoint.opens(secretIn(shown))).toBe(true);
  await threadSays(world, message, "a one-time password: shown to the person who asked, once");
  expect(await world.audited(1001)).toContain("grant.handover_shown");

  expect(await shows("alice", told)).toBe(
    "AR-1001: It was shown before, and only once. If you do not have it any more, give the access back and ask again: you then get another.",
  );
  await slack.as("alice").presses(told, "Give back");
  await threadSays(world, message, "(given back)");
  expect(guarded.endpoint.opens(secretIn(shown))).toBe(false);
});

it("keeps it nowhere in the clear: not in the database, the log, the messages or what is said to others", async () => {
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  const before = await everything();
  const secret = secretIn(await shows("alice", told));
  expect(secret).not.toBe("");
  expect(before).toContain("sealed");
  expect(before).not.toContain(secret);
  const after = await everything();
  expect(after).not.toContain(secret);
  // What is sealed is not kept either.
  expect(await world.query("select handover from grants where handover ? 'sealed'")).toEqual([]);
  expect(JSON.stringify(world.slack.describe())).not.toContain(secret);
  await world.hallpass.stop();
  log.end();
  const logged = await text(log);
  expect(logged).toContain("views.update");
  expect(logged.split("\n").filter((line) => line.includes(secret))).toEqual([]);
});

it("shows it to nobody else, who loses nothing by trying for whoever asked", async () => {
  const { slack } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  expect(await shows("bob", told)).toBe("AR-1001: Only the person who asked can do this.");
  expect(await world.audited(1001)).toContain("decision.refused");
  expect(secretIn(await shows("alice", told))).not.toBe("");
  expect(slack.problems.list()).toEqual([]);
});

it("says so where it was taken out and could not be shown", async () => {
  const { slack } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  slack.faults.failNext("views.update", "internal_error");
  await slack.as("alice").presses(told, "Show");
  const answer = await toldAlone(world, "alice", "What your access came with can be seen once");
  expect(answer.visibleText).toContain("give the access back and ask again, and you get another");
});

it("is gone with the access, seen or not", async () => {
  const { slack } = world;
  const message = await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  await slack.as("alice").presses(told, "Give back");
  await threadSays(world, message, "(given back)");
  expect(await world.query("select handover from grants where handover is not null")).toEqual([]);
  expect(await shows("alice", told)).toBe("AR-1001: The access has already ended.");
});

it("hands over anew what is given anew when the access is extended", async () => {
  const { slack, guarded } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  const first = secretIn(await shows("alice", told));
  await slack.as("alice").presses(told, "Extend by 1h");
  const card = await requestToExtend();
  await slack.as("bob").presses(card, "Approve");
  const longer = await toldDirectly(world, "alice", "your access lasts longer");
  const second = secretIn(await shows("alice", longer));
  expect(second).not.toBe(first);
  expect(guarded.endpoint.opens(second)).toBe(true);
  // Asked for as before: the request to extend asks for nothing.
  expect(
    guarded.endpoint
      .log()
      .filter(({ call }) => call === "grant")
      .at(-1),
  ).toMatchObject({ input: { public_key: key } });
});

it("never shows what something newer has taken the place of, and shows that", async () => {
  const { guarded } = world;
  await isGiven();
  const first = await toldDirectly(world, "alice", "you have access");
  const again = await asks("Log in", key, "another thing");
  await world.slack.as("bob").presses(again, "Approve");
  await threadSays(world, again, "Granted to");
  expect(await shows("alice", first)).toContain("AR-1001: It does not work any more");
  const second = await toldDirectly(world, "alice", "AR-1002 (Deployment host · Log in): you have access");
  expect(guarded.endpoint.opens(secretIn(await shows("alice", second)))).toBe(true);
});

it("hands over anew where a request that failed may have put something else in its place", async () => {
  const { slack, guarded } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  const first = secretIn(await shows("alice", told));
  guarded.endpoint.fail({ kind: "does it and answers 500" }, ["grant"], 5);
  const again = await asks("Log in", key, "another thing");
  await slack.as("bob").presses(again, "Approve");
  await slack.until(() => {
    world.advance(20_000);
    return slack.thread(again).some(({ visibleText }) => visibleText.includes("failed"));
  }, "the second request to fail");
  expect(guarded.endpoint.opens(first)).toBe(false);
  await guarded.endpoint.heal();
  world.advance(60_000);
  const anew = await toldDirectly(world, "alice", "does not work any more, because of AR-1002");
  expect(guarded.endpoint.opens(secretIn(await shows("alice", anew)))).toBe(true);
});

it("hands over anew where an extension failed that may have put something else in its place", async () => {
  const { slack, guarded } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  await slack.as("alice").presses(told, "Extend by 1h");
  const card = await requestToExtend();
  guarded.endpoint.fail({ kind: "does it and answers 500" }, ["grant"], 5);
  await slack.as("bob").presses(card, "Approve");
  await slack.until(() => {
    world.advance(20_000);
    return slack.thread(card).some(({ visibleText }) => visibleText.includes("could not be extended"));
  }, "the extension to fail");
  const anew = await toldDirectly(world, "alice", "does not work any more, because of AR-1002");
  expect(guarded.endpoint.opens(secretIn(await shows("alice", anew)))).toBe(true);
});

it("says that it may not work any more where nobody could hear what came in its place", async () => {
  const { slack, guarded } = world;
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  await slack.as("alice").presses(told, "Extend by 1h");
  const card = await requestToExtend();
  guarded.endpoint.fail({ kind: "does it and answers 500" }, ["grant"], 100);
  await slack.as("bob").presses(card, "Approve");
  await slack.until(() => {
    world.advance(20_000);
    return slack.thread(card).some(({ visibleText }) => visibleText.includes("could not be extended"));
  }, "the extension to fail");
  const lost = await toldDirectly(world, "alice", "may not work any more, because of AR-1002");
  expect(lost.buttons).toEqual([]);
  expect(await shows("alice", told)).toContain("It does not work any more");
  expect(guarded.endpoint.holders({ level: "login" })).toEqual(["alice"]);
});

it("shows nothing once the access should have ended, or while whoever asked is locked down", async () => {
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  await world.query(
    `insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
     select gen_random_uuid(), 'person', 'alice@example.com', requester_person, 'x', 'dana@example.com', now() from access_requests`,
  );
  expect(await shows("alice", told)).toContain("You are locked down");
  await world.query("delete from lockdowns");
  // A worker has its end, and sleeps.
  await world.query("update effects set locked_until = now() + interval '1 day' where kind = 'revoke'");
  world.advance(3 * 3_600_000);
  expect(await shows("alice", told)).toBe("AR-1001: The access has already ended.");
});

const notHandedOver: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  ["a title that is too long", "t".repeat(101), "x", /handover\.title: expected at most 100/],
  ["a title that nobody sees", "\u200b", "x", /cannot be shown: expected a title/],
  ["a title with the secret in it", "password hunter22", "hunter22", /cannot be shown: its title/],
  ["no title", 7, "hunter22", /handover\.title/],
  ["no text", "a password", "", /cannot be shown: expected a text, got none/],
  ["a number", "a password", 5, /handover\.text: expected a string/],
  ["half a character", "a password", "pw-\ud800-x", /whole characters/],
  ["too much", "a password", "x".repeat(10_001), /at most 10000 characters, got 10001/],
];

it.each(notHandedOver)(
  "grants nothing that comes with %s, and says why without it",
  async (_, title, said, words) => {
    world.guarded.endpoint.handOver(title, said);
    const message = await asks();
    await world.slack.as("bob").presses(message, "Approve");
    const failed = await threadSays(world, message, "failed");
    expect(failed.visibleText).toMatch(words);
    expect(failed.visibleText).not.toContain("hunter22");
    expect(await everything()).not.toContain("hunter22");
    const { endpoint } = world.guarded;
    await world.slack.until(() => endpoint.holders({ level: "login" }).length === 0, "it to be taken away");
  },
);

it("asks again where the answer that hands over breaks off", async () => {
  const { guarded } = world;
  guarded.endpoint.fail({ kind: "breaks off" }, ["grant"]);
  const message = await asks();
  await world.slack.as("bob").presses(message, "Approve");
  await world.slack.until(() => {
    world.advance(2_000);
    return world.slack.thread(message).some(({ visibleText }) => visibleText.includes("Granted to"));
  }, "the access");
  const told = await toldDirectly(world, "alice", "you have access");
  expect(guarded.endpoint.opens(secretIn(await shows("alice", told)))).toBe(true);
});

it("keeps a secret out of words that repeat it", async () => {
  const { guarded } = world;
  const body = '{"error":"could not mail hunter22 to her","handover":{"title":"t","text":"hunter22"}}';
  guarded.endpoint.fail({ kind: "status", status: 422, body }, ["grant"]);
  const message = await asks();
  await world.slack.as("bob").presses(message, "Approve");
  const failed = await threadSays(world, message, "failed");
  expect(failed.visibleText).toContain("could not mail *** to her");
  expect(await everything()).not.toContain("hunter22");
});

const notAsTheyRead: readonly (readonly [string, string])[] = [
  ["a second line", `${key}\nssh-rsa ATTACKER`],
  ["what nobody sees", "ssh-ed25519 AAAA\u200bBBBB"],
  ["what turns the direction", "ssh-ed25519 \u202Ecilbup\u202C"],
];

it.each(notAsTheyRead)("refuses %s: approvers read all that the provider gets", async (_, typed) => {
  const { slack } = world;
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: tool, role: "Log in", duration: "1h", reason: "a deployment" });
  await alice.fills("SSH public key", typed);
  expect(await alice.submits()).toMatchObject({
    closed: false,
    errors: { "SSH public key": "SSH public key: expected one line, with nothing invisible in it." },
  });
  await alice.closes();
});

it("shows a long one whole", async () => {
  const long = `${key} ${"x".repeat(900)} the end`;
  const message = await asks("Log in", long);
  expect(message.visibleText).toContain(`SSH public key: ${long}`);
});

it("files what the policy asks for today, whatever else the form had when it was opened", async () => {
  const { slack } = world;
  const more = policy.replace("    input:\n", "    input:\n      host: { title: Host }\n");
  await world.reloads(more);
  const alice = slack.as("alice");
  await opensForm(slack, alice);
  await fillsForm(slack, alice, { resource: tool, role: "Log in", duration: "1h", reason: "a deployment" });
  await alice.fills("Host", "web-1");
  await alice.fills("SSH public key", key);
  await world.reloads(policy);
  expect(await alice.submits()).toMatchObject({ closed: true });
  const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the request");
  expect(message.visibleText).toContain(`SSH public key: ${key}`);
  expect(message.visibleText).not.toContain("web-1");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
});

it("says that it cannot be opened any more where it was sealed with another key, and keeps the access", async () => {
  await isGiven();
  const told = await toldDirectly(world, "alice", "you have access");
  await world.query(
    `update grants set handover = jsonb_set(handover, '{sealed}', '"AAAA"') where handover is not null`,
  );
  await world.restart();
  expect(await shows("alice", told)).toContain("It cannot be opened any more");
  expect(world.guarded.endpoint.holders({ level: "login" })).toEqual(["alice"]);
});

it("does not grant what a request from before does not say", async () => {
  const { slack } = world;
  await world.reloads(policy.replace(/ {4}input:\n.*\n/u, ""));
  await slack.as("alice").types("/request-access deploy login 1h a stuck deployment");
  const message = await slack.until(() => slack.channel("#access-requests").messages()[0], "the request");
  await world.reloads(policy);
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "the request does not say what this takes by now: ask anew");
  expect(world.guarded.endpoint.holders({ level: "login" })).toEqual([]);
});
