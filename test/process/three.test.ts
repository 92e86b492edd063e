import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { testServer } from "../servers/ask.ts";
import { approveWaiting, numberOf, threadSays } from "../support/ask.ts";
import { describeIf } from "../support/describe-if.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";

const { url: redisUrl, missing } = await testServer("redis");
const describeWithRedis = describeIf(redisUrl !== undefined, missing);

const skewsMs = [0, 60_000, -60_000];
const patienceMs = 120_000;
const each = Array.from({ length: 6 }, (_, index) => index);

describeWithRedis("three processes on one database and one Redis, their clocks a minute apart", () => {
  let site: Site;
  let runs: readonly Run[];

  const startSkewed = (skewMs: number): Promise<Run> =>
    site.start({
      NODE_OPTIONS: `--import=${join(import.meta.dirname, "../support/skewed-clock.js")}`,
      TEST_CLOCK_SKEW_MS: String(skewMs),
    });

  beforeAll(async () => {
    site = await openSite({ redisUrl: new URL("/11", redisUrl).href });
    runs = await Promise.all(skewsMs.map(startSkewed));
    await Promise.all(runs.map((run) => run.ready(patienceMs)));
  }, 2 * patienceMs);
  afterAll(() => site?.close());

  /** Files a request of each number, has two approvers click at once on each, and waits until all access has begun. */
  async function granted(person: string, seconds: number, meanwhile: () => Promise<void>): Promise<void> {
    const { slack } = site;
    const channel = slack.channel("#orders-approvals");
    const before = channel.messages().length;
    await Promise.all(
      each.map((index) =>
        slack.as(person).types(`/request-access orders-db write ${seconds}s number ${index}`),
      ),
    );
    const posted = () => new Set(channel.messages().slice(before).map(numberOf)).size >= each.length;
    await slack.until(posted, "the approval messages", patienceMs);
    const clicks = channel
      .messages()
      .slice(before)
      .flatMap((message) =>
        ["bob", "carol"].map((approver) => slack.as(approver).presses(message, "Approve")),
      );
    await Promise.all([...clicks, meanwhile()]);
  }

  async function allEnded(count: number): Promise<void> {
    await site.slack.until(
      async () => (await site.audited())["grant.revoked"] === count,
      "all access to have ended",
      patienceMs,
    );
    const [ended] = await site.query<{ early: number; late: number }>(
      `select count(*) filter (where a.at < g.expires_at)::int as early,
              extract(epoch from max(a.at - g.expires_at))::float8 as late
       from grants g join audit_events a on a.grant_id = g.id and a.type = 'grant.revoking'`,
    );
    expect(ended?.early).toBe(0);
    console.info(`Three clocks a minute apart: the latest end began ${ended?.late.toFixed(2)} s late.`);
  }

  it(
    "one message, one decision, one grant and one revocation of each request, and none too early",
    async () => {
      const { slack, guarded } = site;
      await granted("alice", 8, () => Promise.resolve());
      const messages = slack.channel("#orders-approvals").messages();
      await Promise.all(messages.map((message) => threadSays(site, message, "Granted to")));
      expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);
      await allEnded(each.length);
      expect(await guarded.rolesOf("alice")).toEqual([]);
      await Promise.all(messages.map((message) => threadSays(site, message, "🔒")));
      expect(messages).toHaveLength(each.length);
      for (const message of messages) {
        const thread = slack.thread(message).map(({ visibleText }) => visibleText);
        expect(thread.filter((text) => text.includes("Granted to"))).toHaveLength(1);
        expect(thread.filter((text) => text.includes("🔒"))).toHaveLength(1);
      }
      expect(await site.audited()).toMatchObject({
        "request.created": each.length,
        "approval.given": each.length,
        "request.approved": each.length,
        "grant.active": each.length,
        "grant.revoking": each.length,
        "grant.revoked": each.length,
      });
    },
    2 * patienceMs,
  );

  it(
    "one of them killed at some moment: the others decide, grant and revoke each once",
    async () => {
      const { slack, guarded } = site;
      const afterMs = Math.random() * 400;
      await granted("bob", 8, async () => {
        await sleep(afterMs);
        await runs[0]?.kill();
      });
      console.info(`One of three was killed ${afterMs.toFixed(0)} ms after the clicks.`);
      // A click that went to the dead one was not acknowledged; people click again.
      await slack.until(() => slack.sockets.connected() === 4, "Slack to see those of two only", patienceMs);
      await approveWaiting(site, "carol", "#orders-approvals");
      await allEnded(2 * each.length);
      expect(await guarded.rolesOf("bob")).toEqual([]);
      const events = await site.audited();
      expect(events).toMatchObject({
        "approval.given": 2 * each.length,
        "request.approved": 2 * each.length,
        "grant.revoked": 2 * each.length,
      });
      // What the dead one was giving is taken up after its claim has lapsed. Eight seconds are over by then: it is taken
      // away without ever having been active.
      const unconfirmed = events["grant.failed"] ?? 0;
      expect(events["grant.active"]).toBe(2 * each.length - unconfirmed);
      expect(events["grant.revoking"]).toBe(2 * each.length - unconfirmed);
      await Promise.all(runs.slice(1).map((run) => run.stop()));
    },
    3 * patienceMs,
  );
});
