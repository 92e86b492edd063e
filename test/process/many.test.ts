import { pino } from "pino";
import type { QueueName } from "../../src/domain/effect.ts";
import { createQueues } from "../../src/jobs/queues.ts";
import { recordActiveGrants } from "../support/active-grants.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import type { Run } from "../support/process.ts";
import { createRedis, type OwnRedis } from "../support/redis.ts";
import { openSite, type Site } from "../support/site.ts";

const describeWithRedis = describeIf(await isInstalled("redis-server"), "no redis-server on PATH");

/** For all of them to end on a machine that has much else to do. */
const patienceMs = 400_000;

describeWithRedis("1,000 grants that end together", () => {
  let site: Site;
  let redis: OwnRedis;
  let run: Run;

  beforeAll(async () => {
    redis = await createRedis();
    await redis.start();
    site = await openSite({ redisUrl: redis.url });
    run = await site.start();
    await run.ready(patienceMs);
  }, 2 * patienceMs);
  afterAll(async () => {
    await redis?.kill();
    await site?.close();
  });

  type Due = { readonly id: string; readonly queue: QueueName; readonly dueAt: Date; readonly inMs: number };

  /** Has so many people hold a role, on record and in the guarded server, with their jobs in the queue. */
  async function hold(name: string, count: number, endsInSeconds: number): Promise<void> {
    const roles = Array.from({ length: 20 }, (_, index) => `${name}_${site.guarded.names.read}_${index}`);
    const people = Array.from({ length: count }, (_, index) => ({
      subject: `${site.guarded.names.subject(name)}_${index + 1}`,
      role: roles[index % roles.length] ?? "",
    }));
    await site.guarded.query(
      [
        ...roles.map((role) => `create role ${role}`),
        ...people.map(({ subject, role }) => `create role ${subject} in role ${role}`),
      ].join(";"),
    );
    const [policy] = await site.query<{ hash: string }>("select hash from policies");
    await recordActiveGrants((sql, values) => site.query(sql, values), {
      count,
      provider: "orders-postgres",
      roles,
      subjectPrefix: `${site.guarded.names.subject(name)}_`,
      policyVersion: policy?.hash ?? "",
      channel: "#access-requests",
      endsInSeconds,
    });
    const due = await site.query<Due>(
      `select id, queue, due_at as "dueAt", extract(epoch from due_at - clock_timestamp())::float8 * 1000 as "inMs"
       from effects where done_at is null and kind = 'revoke'`,
    );
    const queues = createQueues({
      redisUrl: redis.url,
      databaseUrl: "",
      courtesy: { quiet: () => Promise.resolve(true) },
      log: pino({ level: "silent" }),
    });
    expect(await queues.enqueue(due, 10_000)).toBe(true);
    await queues.close(1_000);
  }

  /** Waits until all of it has ended, once each and none too early; drops what is left of them. */
  async function allEnd(name: string, count: number, what: string): Promise<void> {
    const prefix = site.guarded.names.subject(name);
    const gone = async (): Promise<boolean> => {
      const live = await site.query(
        "select from grants where starts_with(subject, $1) and status <> 'revoked' limit 1",
        [prefix],
      );
      return live.length === 0;
    };
    await site.slack.until(gone, "all access to have ended", patienceMs);
    const held = `select from pg_auth_members m join pg_roles r on r.oid = m.member where starts_with(r.rolname, $1)`;
    expect(await site.guarded.query(held, [prefix])).toEqual([]);
    const [ended] = await site.query<{ early: number; once: number; latest: number }>(
      `select count(*) filter (where g.revoked_at < g.expires_at)::int as early, count(*)::int as once,
              extract(epoch from max(g.revoked_at - g.expires_at))::float8 as latest
       from grants g join audit_events a on a.grant_id = g.id and a.type = 'grant.revoked'
       where starts_with(g.subject, $1)`,
      [prefix],
    );
    expect(ended).toMatchObject({ early: 0, once: count });
    console.info(`${what}: the last of ${count} had ended ${ended?.latest.toFixed(1)} s after its time.`);
    await site.guarded.query(
      (
        await site.guarded.query<{ name: string }>(
          "select rolname as name from pg_roles where starts_with(rolname, $1) or starts_with(rolname, $2)",
          [prefix, `${name}_${site.guarded.names.read}`],
        )
      )
        .map(({ name: role }) => `drop role ${role}`)
        .join(";"),
    );
  }

  const delayed = (): Promise<number> => redis.ask((client) => client.zcard("bull:revocations:delayed"));

  it(
    "all end, once and none early, when Redis is flushed before",
    async () => {
      await hold("flushed", 1_000, 8);
      expect(await delayed()).toBeGreaterThan(0);
      await redis.ask((client) => client.flushall());
      expect(await delayed()).toBe(0);
      await allEnd("flushed", 1_000, "Redis flushed");
      expect(run.isRunning()).toBe(true);
    },
    2 * patienceMs,
  );

  it(
    "200 more, when Redis is killed before and stays away",
    async () => {
      await hold("away", 200, 3);
      await redis.kill();
      await allEnd("away", 200, "Redis killed");
      expect(run.isRunning()).toBe(true);
      await run.stop();
    },
    2 * patienceMs,
  );
});
