import { z } from "zod";
import { ask, numberOf, threadSays, toldDirectly } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import type { Channel } from "../../slack-simulator/model.ts";
import type { SeenMessage } from "../../slack-simulator/seen.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

afterEach(() => {
  world.slack.faults.clear();
  for (const channel of channels) world.slack.workspace.putChannel(channel);
});

/** As they were when all was well. */
let channels: readonly Channel[];
beforeEach(() => {
  channels = world.slack.workspace.channels().filter(({ kind }) => kind === "public" || kind === "private");
});

/** The approval messages of a request in a channel, as they stand. */
function cards(channel: string, about: SeenMessage): readonly SeenMessage[] {
  const footnote = `\nAR-${numberOf(about)} · `;
  return world.slack
    .channel(channel)
    .messages()
    .filter(({ visibleText }) => visibleText.includes(footnote));
}

/** What stands in a channel although it answers something. */
function strays(channel: string): readonly SeenMessage[] {
  return world.slack
    .channel(channel)
    .messages()
    .filter(({ visibleText }) => !/^AR-\d+(?: · | \()/m.test(visibleText));
}

async function failures(
  about: SeenMessage,
): Promise<readonly { readonly error: string; readonly instead: string | null }[]> {
  const rows = await world.opened(
    `select data->>'error' as error, data->>'instead' as instead
     from audit_events a join access_requests r on r.id = a.request_id
     where a.type = 'message.failed' and r.number = ${numberOf(about)} order by a.seq`,
  );
  return Failures.parse(rows);
}

const Failures = z.array(z.object({ error: z.string(), instead: z.string().nullable() }));

/** All that Hallpass owed is done, so what was not said by now is not said at all. */
async function settled(): Promise<void> {
  await world.slack.until(async () => {
    const rows = await world.query<{ owed: number }>(
      "select count(*)::int as owed from effects where queue = 'messages' and kind <> 'remind_expiry' and done_at is null",
    );
    return rows[0]?.owed === 0;
  }, "all messages to be sent");
}

describe("an approval message that somebody deletes", () => {
  it("is posted anew, with its buttons while it is pending, and its thread goes on there", async () => {
    const { slack } = world;
    const lost = await ask(world, "alice", "orders-db write 1h the message is deleted", "#orders-approvals");
    slack.channels.deleteMessage(lost);
    // Only what happens to a request makes Hallpass look at its message.
    await world.query(
      `insert into effects (id, request_id, kind, queue, lane, payload, due_at)
       select gen_random_uuid(), id, 'update_request', 'messages', 'slack-thread-' || id, '{}', now() from access_requests
       where number = $1`,
      [numberOf(lost)],
    );
    world.hallpass.look();
    const fresh = await slack.until(() => cards("#orders-approvals", lost)[0], "the message anew");
    expect(fresh.ts).not.toBe(lost.ts);
    expect(fresh.buttons).toEqual(["Approve", "Deny"]);
    await threadSays(world, fresh, "was deleted; this one stands in for it");
    expect(await failures(lost)).toEqual([{ error: "message_not_found", instead: fresh.channelId }]);

    await slack.as("bob").presses(fresh, "Approve");
    await threadSays(world, fresh, "Granted to");
    await settled();
    expect(cards("#orders-approvals", lost)).toHaveLength(1);
    expect(slack.thread(fresh).filter(({ visibleText }) => visibleText.includes("was deleted"))).toHaveLength(
      1,
    );
  });

  it("is posted anew when the next thing is to be said in its thread, which is not said beside it", async () => {
    const { slack } = world;
    const lost = await ask(world, "alice", "orders-db read 1h the message is deleted");
    slack.faults.slow(300, ["chat.update"], "after");
    const pressed = slack.as("bob").presses(lost, "Approve");
    await slack.until(() => slack.fresh(lost).edited, "the message to be brought up to date");
    slack.channels.deleteMessage(lost);
    await pressed;
    const fresh = await slack.until(() => cards("#access-requests", lost)[0], "the message anew");
    await threadSays(world, fresh, "Granted to");
    await settled();
    expect(cards("#access-requests", lost)).toHaveLength(1);
    expect(strays("#access-requests")).toEqual([]);
    expect(slack.thread(fresh).map(({ visibleText }) => visibleText)).toEqual([
      expect.stringContaining("was deleted; this one stands in for it"),
      expect.stringContaining("is being granted"),
      expect.stringContaining("Granted to"),
    ]);
  });

  it("with answers under it leaves a thread; nothing is lost or said twice", async () => {
    const { slack } = world;
    const lost = await ask(world, "alice", "orders-db read 1h the message is deleted");
    await slack.as("bob").presses(lost, "Approve");
    await threadSays(world, lost, "Granted to");
    await settled();
    slack.channels.deleteMessage(lost);
    world.advance(61 * 60_000);
    const fresh = await slack.until(() => cards("#access-requests", lost)[0], "the message anew");
    await threadSays(world, fresh, "Revoked and verified");
    await settled();
    expect(cards("#access-requests", lost)).toHaveLength(1);
    expect(strays("#access-requests")).toEqual([]);
    expect(fresh.buttons).toEqual([]);
  });
});

describe("a channel that is gone while a request is live", () => {
  it.each([
    ["archived", "archive", "is archived"],
    ["deleted", "remove", "sees no such channel"],
  ] as const)(
    "%s: its message and its thread go on in the alerts channel, which says so once",
    async (_, how, why) => {
      const { slack, guarded } = world;
      const lost = await ask(world, "alice", "orders-db write 1h the channel goes", "#orders-approvals");
      await slack.as("bob").presses(lost, "Approve");
      await threadSays(world, lost, "Granted to");
      await settled();
      slack.channels[how]("#orders-approvals");
      world.advance(61 * 60_000);
      const moved = await slack.until(
        () => cards("#access-alerts", lost)[0],
        "the message in the alerts channel",
      );
      await threadSays(world, moved, "Revoked and verified");
      await settled();
      expect(await guarded.rolesOf("alice")).toEqual([]);
      expect(slack.thread(moved).map(({ visibleText }) => visibleText)).toEqual([
        expect.stringMatching(new RegExp(`cannot go on in #orders-approvals .*${why}.*goes on here instead`)),
        expect.stringContaining("Revoked and verified"),
      ]);
      expect(await failures(lost)).toEqual([{ error: expect.any(String), instead: "#access-alerts" }]);
      expect(cards("#access-alerts", lost)).toHaveLength(1);
    },
  );

  it("and the alerts channel too: the requester and the admins are told directly, once; access still ends", async () => {
    const { slack, guarded } = world;
    const lost = await ask(world, "alice", "orders-db write 1h all channels go", "#orders-approvals");
    slack.channels.archive("#orders-approvals");
    slack.channels.archive("#access-alerts");
    await slack.as("bob").presses(lost, "Approve");
    await toldDirectly(world, "alice", "cannot go on in #orders-approvals");
    await toldDirectly(world, "dana", "nor in #access-alerts");
    await slack.until(async () => (await guarded.rolesOf("alice")).length === 1, "the access");
    world.advance(61 * 60_000);
    await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the access to be gone");
    await toldDirectly(
      world,
      "alice",
      `AR-${numberOf(lost)} (Orders database (production) · Read and write): your access ended`,
    );
    await settled();
    const said = (person: string, words: string): number =>
      slack
        .as(person)
        .directMessages()
        .filter(({ visibleText }) => visibleText.includes(words)).length;
    expect(said("alice", "is told to you alone")).toBe(1);
    expect(said("dana", "nor in #access-alerts")).toBe(1);
  });

  it("and both are, before it is posted: it is posted once one of them is mended, and can be approved", async () => {
    const { slack } = world;
    slack.channels.archive("#orders-approvals");
    slack.channels.archive("#access-alerts");
    await slack.as("alice").types("/request-access orders-db write 1h nobody sees it");
    await toldDirectly(world, "alice", "so nobody can approve it yet");
    await toldDirectly(world, "dana", "Mend one of these channels");
    const triesAgain = async (): Promise<boolean> => {
      const rows = await world.query<{ attempts: number }>(
        `select attempts from effects
         where kind = 'post_request' and done_at is null and locked_until is null and retry_at is not null`,
      );
      if (rows.length > 0) world.advance(121_000);
      return (rows[0]?.attempts ?? 0) > 1;
    };
    await slack.until(triesAgain, "another try");
    for (const channel of channels) slack.workspace.putChannel(channel);
    const card = await slack.until(async () => {
      await triesAgain();
      return slack
        .channel("#orders-approvals")
        .messages()
        .find(({ visibleText }) => visibleText.includes("nobody sees it"));
    }, "the approval message");
    await slack.as("bob").presses(card, "Approve");
    await threadSays(world, card, "Granted to");
    const told = slack
      .as("dana")
      .directMessages()
      .filter(({ visibleText }) => visibleText.includes(`AR-${numberOf(card)} could not be posted`));
    expect(told).toHaveLength(1);
  });
});

it("an overdue revocation reaches the admins where the alerts channel is gone", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 1h nobody hears the alert");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  slack.channels.remove("#access-alerts");
  const database = new URL(guarded.url).pathname.slice(1);
  await world.query(`alter database "${database}" allow_connections false`);
  await world.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [database]);
  world.advance(61 * 60_000);
  await toldDirectly(world, "dana", "should have ended and could not be taken away");
  await slack.until(
    async () => (await failures(message)).some(({ error }) => error.includes("#access-alerts")),
    "it to be on record that the alerts channel heard nothing",
  );
  await world.query(`alter database "${database}" allow_connections true`);
});

it("a token that is refused makes Hallpass not ready; everything is said once it is accepted again", async () => {
  await world.stop();
  world = await startWorld({ transport: "http" });
  const { slack, guarded, hallpass } = world;
  const message = await ask(world, "alice", "orders-db read 1h the app is reinstalled");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await settled();
  slack.faults.revokeToken();
  world.advance(61 * 60_000);
  await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the access to be gone");
  const ready = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${hallpass.opsPort}/readyz`);
    return answer.text();
  };
  const why = await slack.until(async () => {
    const answer = await ready();
    return answer.includes("refuses the token") ? answer : undefined;
  }, "Hallpass to say why it is not ready");
  expect(why).toContain(`Slack refuses the token (token_revoked): check SLACK_BOT_TOKEN`);
  expect(slack.thread(message).some(({ visibleText }) => visibleText.includes("Revoked"))).toBe(false);
  const metrics = await fetch(`http://127.0.0.1:${hallpass.opsPort}/metrics`);
  expect(await metrics.text()).toMatch(/^hallpass_messages_waiting [1-9]/m);

  slack.faults.clear();
  await threadSays(world, message, "Revoked and verified");
  await toldDirectly(
    world,
    "alice",
    `AR-${numberOf(message)} (Orders database (production) · Read only): your access ended`,
  );
  await slack.until(async () => (await ready()).includes("true"), "Hallpass to be ready");
});
