import { ask, threadSays } from "../support/ask.ts";
import { assertInert } from "../support/inert.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

it("a role that does not exist is a failed grant with PostgreSQL's words, and was never asked for", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "ghost-db any 1h please");
  await slack.as("bob").presses(message, "Approve");
  const failed = await threadSays(world, message, "The grant failed");
  expect(failed.visibleText).toMatch(/role "no_such_role_\w+" does not exist/);
  expect(failed.visibleText).toContain("so nothing was given");
  await slack.until(
    () =>
      slack
        .as("alice")
        .directMessages()
        .some(({ visibleText }) => visibleText.includes("could not be granted")),
    "alice to be told",
  );
  await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .some(({ visibleText }) => visibleText.includes("does not exist")),
    "the alerts channel to be told",
  );
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

it("a person unknown to the server is a failed grant too", async () => {
  const { slack, guarded } = world;
  await guarded.query(`alter role ${guarded.names.subject("erin")} rename to gone_${guarded.names.read}`);
  const message = await ask(world, "erin", "orders-db write 1h please", "#orders-approvals");
  await slack.as("bob").presses(message, "Approve");
  const failed = await threadSays(world, message, "The grant failed");
  expect(failed.visibleText).toContain(`role "${guarded.names.subject("erin")}" does not exist`);
  await guarded.query(`alter role gone_${guarded.names.read} rename to ${guarded.names.subject("erin")}`);
});

it("nobody decides in time: the request expires, and the thread and the requester are told", async () => {
  const { slack } = world;
  const message = await ask(world, "alice", "orders-db write 1h nobody answers", "#orders-approvals");
  world.advance(2 * 3600_000 + 1000);
  await threadSays(world, message, "the request expired");
  expect(slack.fresh(message).buttons).toEqual([]);
});

it("what holds the access open is ended with it", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 10m psql stays open");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  const { default: pg } = await import("pg");
  const url = Object.assign(new URL(guarded.url), {
    username: guarded.names.subject("alice"),
    password: "test",
  });
  const session = new pg.Client({ connectionString: url.href });
  const ended = new Promise<Error>((resolve) => session.on("error", resolve));
  await session.connect();
  await session.query(`set role ${guarded.names.read}`);
  world.advance(11 * 60_000);
  expect(String(await ended)).toMatch(/terminat/i);
  await threadSays(world, message, "Revoked and verified");
});

it("a channel that is gone falls back to the alerts channel and says so", async () => {
  const { slack } = world;
  const channel = slack.workspace.findChannel("#orders-approvals");
  if (!channel) throw new Error("no such channel");
  slack.workspace.putChannel({ ...channel, isArchived: true });
  const before = slack.channel("#access-alerts").messages().length;
  await slack.as("alice").types("/request-access orders-db write 1h the channel is archived");
  const message = await slack.until(
    () =>
      slack
        .channel("#access-alerts")
        .messages()
        .slice(before)
        .find(({ buttons }) => buttons.includes("Approve")),
    "the request in the alerts channel",
  );
  await threadSays(world, message, "could not be posted in #orders-approvals");
  expect(await world.audited()).toContain("message.failed");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
});

it("auditors get the audit as a file by direct message; others are refused and recorded", async () => {
  const { slack } = world;
  const dana = slack.as("dana");
  await dana.types("/access-audit export since 30d format csv resource orders-db");
  const file = await slack.until(() => dana.files()[0], "the file");
  const [header = "", ...lines] = file.content.trim().split("\n");
  expect(header).toMatch(/^seq,at,type,request/);
  expect(lines.some((line) => line.includes("grant.revoked"))).toBe(true);
  expect(lines.every((line) => line.includes("orders-db"))).toBe(true);
  const alice = slack.as("alice");
  const files = alice.files().length;
  await alice.types("/access-audit export");
  await slack.until(
    () => alice.ephemerals().some(({ visibleText }) => /Only auditors/.test(visibleText)),
    "alice to be refused",
  );
  expect(alice.files()).toHaveLength(files);
  expect((await world.audited()).slice(-2)).toEqual(["audit.exported", "audit.refused"]);
});

it("auditors are told who could, and by whose approval; others are refused, and both are on record", async () => {
  const { slack } = world;
  const said = async (name: string, text: string): Promise<string> => {
    const person = slack.as(name);
    const before = person.ephemerals().length;
    await person.types(text);
    return (await slack.until(() => person.ephemerals()[before], "an answer")).visibleText;
  };
  const today = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const question = `/access-audit who orders-db:read between ${today} and 2999-01-01`;
  const answer = await said("dana", question);
  expect(answer).toMatch(/^Who could orders-db:read between /);
  expect(answer).toMatch(
    /• alice@example\.com: orders-db:read as \S+ in orders-postgres, by AR-\d+; from 2\S+Z (?:to 2\S+Z: its time was over, proven gone|, still, until)[^;]*; approved by bob@example\.com, rule “reading takes one lead”, policy [0-9a-f]{8}/,
  );
  expect(await said("alice", question)).toMatch(/^Only auditors may read the audit/);
  expect((await world.audited()).slice(-2)).toEqual(["audit.asked", "audit.refused"]);

  expect(await said("dana", "/access-audit who <!channel> *at* &lt;x&gt;")).toMatch(/^Expected /);
  expect(await said("dana", "/access-audit who nothing-db:*bold*")).toMatch(
    /^No policy and no event here ever had the resource “nothing-db”/,
  );
  expect(await said("dana", "/access-audit who orders-bd:read")).toContain("did you mean “orders-db”?");
  expect(await said("dana", "/access-audit who orders-db:wriet")).toMatch(
    /ever had the role of orders-db “wriet”, did you mean “write”\?$/,
  );
  expect(await said("dana", "/access-audit who orders-db:write at 2020-01-01")).toMatch(
    /^Nobody could use Orders database \(production\) · Read and write \(orders-db:write\) on 2020-01-01/,
  );
  const before = (await world.audited()).length;
  expect(await said("dana", "/access-audit export resource order-db")).toContain("did you mean “orders-db”?");
  expect(await said("dana", "/access-audit export user alise@example.com")).toContain(
    "did you mean “alice@example.com”?",
  );
  expect(await said("dana", "/access-audit export rule reeding")).toContain("ever had the rule “reeding”");
  expect(await world.audited()).toHaveLength(before);
  assertInert(slack, ["U0ALICE", "U0BOB", "U0CAROL", "U0ERIN"]);
});
