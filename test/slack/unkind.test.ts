import { z } from "zod";
import { ask, toldAlone, toldDirectly } from "../support/ask.ts";
import { manifestScopes, startWorld, type World, type WorldOptions } from "../support/hallpass.ts";

const history = ["channels:history", "groups:history", "im:history"];

let world: World;
afterEach(() => world?.stop());

async function start(options: WorldOptions = {}): Promise<void> {
  world = await startWorld(options);
}

/** What Slack holds Hallpass back from, as operators are told. */
async function heldBack(): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/readyz`);
  const { degraded } = Ready.parse(await answer.json());
  return degraded.filter((each) => each.startsWith("Slack"));
}

const Ready = z.object({ degraded: z.array(z.string()).default([]) });

type Waiting = { readonly attempts: number; readonly error: string };

/** The approval message as it waits to be tried again. */
async function waiting(): Promise<Waiting | undefined> {
  const [row] = await world.query<Waiting>(
    "select attempts, last_error as error from effects where kind = 'post_request' and done_at is null and retry_at is not null and locked_until is null",
  );
  return row;
}

const cards = (): number => world.slack.channel("#access-requests").messages().length;
const html = { body: "<html>Bad gateway</html>", contentType: "text/html", isDone: true };

/** What Hallpass's metrics say, by their names. */
async function metrics(): Promise<Readonly<Record<string, string>>> {
  const text = await (await fetch(`http://127.0.0.1:${world.hallpass.opsPort}/metrics`)).text();
  return Object.fromEntries([...text.matchAll(/^(\w+) (\S+)$/gmu)].map(([, name, value]) => [name, value]));
}

describe.each(["socket", "http"] as const)("by either transport: %s", (transport) => {
  it("a message that is done although the answer is HTML is found, and not posted again", async () => {
    await start({ transport, slack: { scopes: [...manifestScopes(), ...history] } });
    const { slack } = world;
    const channel = slack.workspace.findChannel("#access-requests");
    if (!channel) throw new Error("there is no channel");
    slack.workspace.putChannel({ ...channel, members: [...channel.members, slack.workspace.app.botUserId] });
    slack.faults.answerOddly("chat.postMessage", html, 2);
    await ask(world, "alice", "orders-db read 1h found again");
    await slack.until(waiting, "the message to be tried again");
    world.advance(60_000);
    await slack.until(
      async () => (await world.query("select from messages")).length === 1,
      "its place to be known",
    );
    expect(cards()).toBe(1);
  });

  it("where Hallpass may not look, such a message is not sent again before the first answer could have come", async () => {
    await start({ transport });
    const { slack } = world;
    slack.faults.answerOddly("chat.postMessage", html, 2);
    await ask(world, "alice", "orders-db read 1h not yet");
    const first = await slack.until(waiting, "the message to wait");
    expect(first.error).toContain("it answered with HTTP 200 and 24 characters that are no answer");
    world.advance(20_000);
    await slack.until(async () => ((await waiting())?.attempts ?? 0) > first.attempts, "another look");
    expect((await waiting())?.error).toBe("Slack may not have done yet what it did not answer");
    expect(cards()).toBe(1);
    world.advance(45_000);
    await slack.until(() => cards() === 2, "the message again");
  });

  it("what the app may not do is said where operators look, with what to do, until it may", async () => {
    await start({ transport });
    const { slack } = world;
    slack.faults.failNext("chat.postMessage", "team_access_not_granted", 100);
    const asked = ask(world, "alice", "orders-db read 1h not granted");
    await slack.until(async () => (await heldBack()).length > 0, "it to be said");
    expect(await heldBack()).toEqual([
      "Slack refuses chat.postMessage: the app has no access to this workspace: an admin of the organisation has to add it there (team_access_not_granted)",
    ]);
    // One of the policy's roles does not exist in the guarded database.
    expect(await metrics()).toMatchObject({ hallpass_ready: "1", hallpass_degraded: "2" });
    slack.faults.clear();
    await slack.until(async () => {
      if (await waiting()) world.advance(60_000);
      return cards() === 1;
    }, "the card");
    await asked;
    await slack.until(async () => (await heldBack()).length === 0, "it to be said no more");
    expect(await metrics()).toMatchObject({ hallpass_ready: "1", hallpass_degraded: "1" });
    slack.faults.revokeToken();
    await slack.as("erin").types("/request-access orders-db read 1h nobody hears of it");
    await slack.until(async () => (await metrics())["hallpass_ready"] === "0", "it to be no longer ready");
  });

  it("a conversation with a person that is gone is opened again", async () => {
    await start({ transport });
    const { slack } = world;
    await ask(world, "alice", "orders-db read 1h the first");
    await toldDirectly(world, "alice", "you are told here what happens");
    const { id } = slack.workspace.directMessage("U0ALICE");
    slack.workspace.removeChannel(id);
    await ask(world, "alice", "orders-db read 2h the second");
    await toldDirectly(world, "alice", "you asked for 2h");
    expect(slack.workspace.directMessage("U0ALICE").id).not.toBe(id);
    expect(await world.audited()).not.toContain("message.failed");
  });
});

it("a limit on looking is waited for, and the message is not sent again meanwhile", async () => {
  await start({ slack: { scopes: [...manifestScopes(), ...history] } });
  const { slack } = world;
  const channel = slack.workspace.findChannel("#access-requests");
  if (!channel) throw new Error("there is no channel");
  slack.workspace.putChannel({ ...channel, members: [...channel.members, slack.workspace.app.botUserId] });
  slack.faults.answerOddly("chat.postMessage", html, 2);
  slack.faults.rateLimit("conversations.history", 1, 2);
  await ask(world, "alice", "orders-db read 1h limited");
  await slack.until(async () => {
    if (await waiting()) world.advance(60_000);
    return (await world.query("select from messages")).length === 1;
  }, "its place to be known");
  expect(cards()).toBe(1);
});

it("a card that was moved and whose answer was lost is not posted anew where it was to go first", async () => {
  await start({ slack: { scopes: [...manifestScopes(), ...history] } });
  const { slack } = world;
  const alerts = slack.workspace.findChannel("#access-alerts");
  if (!alerts) throw new Error("there is no channel");
  slack.workspace.putChannel({ ...alerts, members: [...alerts.members, slack.workspace.app.botUserId] });
  slack.channels.archive("#access-requests");
  slack.faults.answerOddly("chat.postMessage", html, 2);
  await slack.as("alice").types("/request-access orders-db read 1h moved");
  await slack.until(waiting, "the card to be tried again");
  slack.channels.unarchive("#access-requests");
  world.advance(60_000);
  await slack.until(
    async () => (await world.query("select from messages")).length === 1,
    "its place to be known",
  );
  expect([cards(), slack.channel("#access-alerts").messages().length]).toEqual([0, 1]);
});

it("a channel that another company reads since a moment ago gets no request", async () => {
  await start();
  const { slack } = world;
  // The names on the card are looked up once its turn has come.
  slack.faults.slow(1_500, ["users.lookupByEmail"]);
  await slack.as("alice").types("/request-access orders-db read 1h a secret plan");
  await slack.until(() => slack.calls("conversations.info").length > 0, "the channel to be looked at");
  await slack.channels.share("#access-requests");
  await slack.until(() => slack.channel("#access-alerts").messages()[0], "the card in the alerts channel");
  expect(cards()).toBe(0);
});

it("an export that is delivered twice is made once", async () => {
  await start();
  const { slack } = world;
  slack.faults.duplicateDeliveries(2);
  await slack.as("dana").types("/access-audit export");
  await slack.until(() => slack.as("dana").files()[0], "the file");
  slack.faults.clear();
  // What takes longer than a second file would.
  await ask(world, "alice", "orders-db read 1h meanwhile");
  await toldDirectly(world, "alice", "you asked for 1h");
  expect(slack.calls("files.getUploadURLExternal")).toHaveLength(1);
});

it("a message that Slack takes 11 s to answer for is posted once, and its buttons work", async () => {
  await start();
  const { slack } = world;
  slack.faults.slow(11_000, ["chat.postMessage"], "after");
  const message = await ask(world, "alice", "orders-db read 1h slowly");
  await slack.until(
    async () => (await world.query("select from messages")).length === 1,
    "its place to be known",
    15_000,
  );
  slack.faults.clear();
  expect(cards()).toBe(1);
  await slack.as("bob").presses(message, "Deny");
});

it("a long pause that Slack asks for is bounded, and said", async () => {
  await start();
  const { slack } = world;
  slack.faults.rateLimit("chat.postMessage", 3_600, 1, "C0ACCESSREQUESTS");
  const asked = ask(world, "alice", "orders-db read 1h an hour");
  await slack.until(async () => (await heldBack()).length > 0, "it to be said");
  expect(await heldBack()).toEqual([
    expect.stringMatching(/^Slack takes no messages in C0ACCESSREQUESTS for another 1\d\d s; they wait$/u),
  ]);
  const [row] = await world.query<{ seconds: number }>(
    "select extract(epoch from retry_at - now())::int as seconds from effects where kind = 'post_request'",
  );
  expect(row?.seconds).toBeLessThanOrEqual(120);
  // The pause is real time's; another process begins without it.
  await world.restart();
  world.advance(120_000);
  await asked;
});

describe("an export", () => {
  beforeEach(() => start());

  async function exports(): Promise<void> {
    await world.slack.as("dana").types("/access-audit export");
  }

  const failed = { body: "Service Unavailable", status: 503, contentType: "text/plain", isDone: false };

  it("that Slack did not take at first is sent again", async () => {
    const { slack } = world;
    slack.faults.answerOddly("upload", failed);
    await exports();
    await slack.until(() => slack.as("dana").files()[0], "the file");
    expect(await world.audited()).not.toContain("audit.export_failed");
  });

  it.each(["conversations.open", "files.getUploadURLExternal"])(
    "of which the answer of %s is lost comes all the same, once",
    async (method) => {
      const { slack } = world;
      slack.faults.loseAnswer(method);
      await exports();
      await slack.until(() => slack.as("dana").files()[0], "the file");
      expect(slack.files()).toHaveLength(1);
      expect(await world.audited()).not.toContain("audit.export_failed");
    },
  );

  it("is sent to somebody once at a time", async () => {
    const { slack } = world;
    slack.faults.slow(1_500, ["files.getUploadURLExternal"]);
    await exports();
    await toldAlone(world, "dana", "Collecting the audit");
    await exports();
    await toldAlone(world, "dana", "An export of yours is being sent");
    await slack.until(() => slack.as("dana").files()[0], "the file");
    slack.faults.clear();
    await exports();
    await slack.until(() => slack.as("dana").files()[1], "another");
    expect((await world.audited()).filter((type) => type === "audit.exported")).toHaveLength(2);
  });

  it("is not sent to who was locked down while it was collected", async () => {
    const { slack } = world;
    slack.faults.slow(1_500, ["files.getUploadURLExternal"]);
    await exports();
    await toldAlone(world, "dana", "Collecting the audit");
    await world.query(
      `insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
       select gen_random_uuid(), 'person', 'dana@example.com', person_id, 'stolen', 'carol@example.com', now()
       from person_names where name = 'dana@example.com' and until is null`,
    );
    await toldAlone(world, "dana", "The export could not be sent: You are locked down");
    expect(slack.as("dana").files()).toEqual([]);
    expect(await world.audited()).toContain("audit.export_failed");
  });

  it("that is under way as Hallpass is stopped is said to be in doubt, on record too", async () => {
    const { slack } = world;
    slack.faults.slow(1_500, ["files.getUploadURLExternal"]);
    await exports();
    await toldAlone(world, "dana", "Collecting the audit");
    await world.restart();
    await toldAlone(world, "dana", "Hallpass was stopped meanwhile");
    expect(await world.audited()).toContain("audit.export_failed");
  });

  it("of which nobody heard whether it came is said to be in doubt, and not sent again", async () => {
    const { slack } = world;
    slack.faults.loseAnswer("files.completeUploadExternal");
    await exports();
    await toldAlone(world, "dana", "it may have come all the same");
    expect(slack.as("dana").files()).toHaveLength(1);
  });

  it("of more than 50 MB is not sent, and says what to do", async () => {
    await world.query(
      `insert into audit_events (id, at, type, actor_kind, data)
       select gen_random_uuid(), now(), 'audit.refused', 'hallpass',
              jsonb_build_object('attempted', repeat('x', 3000), 'why', 'to make it long')
       from generate_series(1, 18000)`,
    );
    await exports();
    await toldAlone(
      world,
      "dana",
      "it has more than 50 MB, which is the most that is sent; ask for a shorter time",
    );
    expect(world.slack.files()).toEqual([]);
  });

  it("that cannot be sent says why, on record too", async () => {
    const { slack } = world;
    slack.faults.answerOddly("upload", failed, 2);
    await exports();
    await toldAlone(world, "dana", "it answered with HTTP 503 in place of an answer");
    await slack.until(
      async () => (await world.audited()).includes("audit.export_failed"),
      "it to be on record",
    );
    slack.faults.failNext("files.completeUploadExternal", "storage_limit_reached", 2);
    await exports();
    await toldAlone(world, "dana", "The export could not be sent: Slack refuses (storage_limit_reached).");
    expect(slack.files()).toEqual([]);
  });
});
