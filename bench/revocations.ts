// `npm run bench:revocations`: how soon access ends once it is to end, beside its floors in the same run.
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { pino } from "pino";
import type { QueueName } from "../src/domain/effect.ts";
import { createQueues } from "../src/jobs/queues.ts";
import { GrantState } from "../src/providers/postgres/state.ts";
import { migrate, migrateQueues } from "../src/persistence/database/migrate.ts";
import { type ActiveGrants, recordActiveGrants } from "../test/support/active-grants.ts";
import { bareSweep } from "./support/bare-sweep.ts";
import { end, nextMessage, startHallpass, startScript, type Target } from "./support/processes.ts";
import { isInstalled } from "../test/support/is-installed.ts";
import { startRedis } from "../test/support/redis.ts";
import { median } from "./support/report.ts";
import { Started } from "./support/started.ts";
import { createStorage, type Storage } from "./support/storage.ts";
import { person, workspace } from "./support/workspace.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    "at-once": { type: "string", default: "1000" },
    spread: { type: "string", default: "10000" },
    seconds: { type: "string", default: "30" },
    only: { type: "string" },
    queues: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const atOnce = Number(options["at-once"]);
const spread = Number(options.spread);
const seconds = Number(options.seconds);
const goal = { ratio: 3, aliveMs: 100, deadMs: 2_000 };
/** Ended before, as in a process that did not start a moment ago: what is run for the first time is several times slower. */
const warmUps = 500;
/** As many as the provider opens. */
const connections = 4;
/** Each has as many members as some of the others; what a REVOKE costs the server grows with them. */
const roleCount = 50;
const policyVersion = "bench";

type Membership = { readonly role: string; readonly subject: string };

const closers: (() => Promise<void>)[] = [];
try {
  await benchmark();
} finally {
  for (const close of closers.toReversed()) await close();
}

async function benchmark(): Promise<void> {
  const storage = await createStorage(process.env["BENCH_POSTGRES"] ?? process.env["DATABASE_URL"]);
  closers.push(() => storage.close());
  const { url } = storage.hallpass;
  await migrate(url, { log: { info: () => undefined } });
  await migrateQueues(url);
  const own = new pg.Pool({ connectionString: url, max: 2 });
  closers.push(() => own.end());
  await own.query("insert into policies (hash, text) values ($1, '')", [policyVersion]);

  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}, PostgreSQL ${storage.postgresVersion}; ` +
      `load when it began ${loadavg()[0]?.toFixed(1)}`,
  );
  const hasRedis = await isInstalled("redis-server");
  if (!hasRedis) console.log("Redis: not measured, there is no redis-server on PATH");
  const queues = ["PostgreSQL", ...(hasRedis ? ["Redis"] : [])].filter(isWanted);

  if (options.only !== "spread") {
    console.log(
      `\n${atOnce} grants that end in the same second, until all are gone from the guarded server and proven gone on record\n` +
        `${rounds} rounds, medians; floor: as many bare REVOKEs, each read back, on the same server over ${connections} connections\n` +
        `Hallpass besides edits messages, writes in threads and to requesters, on a stub of Slack, as fast as a channel takes them\n` +
        `goal: at most ${goal.ratio} times the floor`,
    );
    for (const where of queues) await endAtOnce(storage, own, where);
  }
  if (options.only !== "at-once") {
    console.log(
      `\n${spread} expiries spread over ${seconds} s, a provider that does nothing: how late each revocation starts\n` +
        `in a process that has ended ${warmUps} before; cpu: milliseconds of its processor for each\n` +
        `floor: one process and one table, which takes what is due and sleeps until the next is\n` +
        `goal: p99 at most ${goal.aliveMs} ms late, none early; while Redis is dead none more than ${goal.deadMs} ms late`,
    );
    const floor = await bareSweep(storage.floor.url, spread, seconds);
    console.log(line(["", "p50 ms", "p99 ms", "latest", "early", "cpu ms", "goal"]));
    console.log(line(["floor", ...figures(floor), "", ""]));
    const all = ["PostgreSQL", ...(hasRedis ? (["Redis", "Redis, dead"] as const) : [])] as const;
    for (const where of all.filter(isWanted)) await endSpread(url, own, where);
  }
}

/** `--queues Redis`: only those. */
function isWanted(where: string): boolean {
  return options.queues === undefined || options.queues === where;
}

async function endAtOnce(storage: Storage, own: pg.Pool, where: string): Promise<void> {
  const redis = where === "Redis" ? await startRedis() : undefined;
  const slack = await startScript("slack-api.ts");
  const guarded = new pg.Pool({ connectionString: storage.guardedUrl, max: connections });
  const prefix = `bench_ending_${process.pid}_`;
  const roles = Array.from({ length: roleCount }, (_, index) => `${prefix}role_${index}`);
  const memberships = Array.from({ length: atOnce }, (_, index) => ({
    subject: `${prefix}${index + 1}`,
    role: roles[index % roleCount] ?? "",
  }));
  const names = [...roles, ...memberships.map(({ subject }) => subject)];
  const all = (words: (membership: Membership) => string): string => memberships.map(words).join(";");
  await guarded.query(names.map((name) => `create role ${name}`).join(";"));
  let hallpass: Target | undefined;
  try {
    hallpass = await startHallpass(storage, storage.hallpass, slack.url, {
      redisUrl: redis?.url,
      nodeOptions: [],
    });
    const taken: { ours: number; floor: number; cpuMs: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await guarded.query(all(({ role, subject }) => `grant ${role} to ${subject}`));
      const floor = await bareRevokes(guarded, memberships);
      await guarded.query(all(({ role, subject }) => `grant ${role} to ${subject}`));
      await schedule(storage.hallpass.url, own, redis?.url, {
        count: atOnce,
        provider: "orders-postgres",
        roles,
        subjectPrefix: prefix,
        endsInSeconds: 3,
        account: person(1).id,
        states: await statesOf(guarded, storage.guardedUrl, memberships),
      });
      const before = hallpass.cpuMs();
      const ours = await untilGone(guarded, own, prefix);
      taken.push({ ours, floor, cpuMs: hallpass.cpuMs() - before });
      await sayNothing(own);
    }
    const ratio = median(taken.map(({ ours, floor }) => ours / floor));
    const of = (side: "ours" | "floor"): string =>
      (median(taken.map((each) => each[side])) / 1000).toFixed(2);
    const met = ratio <= goal.ratio ? "met" : "not met";
    console.log(
      `  queues in ${where.padEnd(12)} ${of("ours")} s   floor ${of("floor")} s   ${ratio.toFixed(1)} ×   ${met}` +
        `   ${(median(taken.map(({ cpuMs }) => cpuMs)) / atOnce).toFixed(1)} ms of Hallpass's processor an end`,
    );
  } finally {
    await hallpass?.stop();
    await end(slack.process);
    await redis?.kill();
    await guarded.query(`drop role ${names.join(", ")}`);
    await guarded.end();
  }
}

/** What the provider records of each membership when it grants it. */
async function statesOf(
  guarded: pg.Pool,
  url: string,
  memberships: readonly Membership[],
): Promise<readonly GrantState[]> {
  const { host } = new URL(url);
  const { rows } = await guarded.query<GrantState>(
    `select (select system_identifier::text from pg_control_system()) as system, $3 as address,
            json_build_object('oid', r.oid::text, 'name', r.rolname) as role,
            json_build_object('oid', u.oid::text, 'name', u.rolname) as member,
            array[]::json[] as before, m.grantor::text as grantor, 'row' as ours,
            pg_current_snapshot()::text as since, true as granted, false as "needsSetRole"
     from unnest($1::text[], $2::text[]) with ordinality as a (role, subject, place)
     join pg_roles r on r.rolname = a.role join pg_roles u on u.rolname = a.subject
     join pg_auth_members m on m.roleid = r.oid and m.member = u.oid order by place`,
    [memberships.map(({ role }) => role), memberships.map(({ subject }) => subject), host],
  );
  if (rows.length !== memberships.length) throw new Error("expected a state of each membership");
  return rows.map((row) => GrantState.parse(row));
}

/** Milliseconds for the bare statements. */
async function bareRevokes(guarded: pg.Pool, memberships: readonly Membership[]): Promise<number> {
  const waiting = [...memberships];
  const started = performance.now();
  const connection = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { role, subject } = next;
      await guarded.query(`revoke ${role} from ${subject}`);
      const { rows } = await guarded.query(
        `select from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member
         where r.rolname = $1 and u.rolname = $2`,
        [role, subject],
      );
      if (rows.length > 0) throw new Error(`${subject} still has ${role}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return performance.now() - started;
}

/** Milliseconds from the end of the access until none of it is left on the server, nor as live on record. */
async function untilGone(guarded: pg.Pool, own: pg.Pool, prefix: string): Promise<number> {
  for (;;) {
    const [{ rows: held }, { rows: live }] = await Promise.all([
      guarded.query(
        "select from pg_auth_members where roleid in (select oid from pg_roles where starts_with(rolname, $1)) limit 1",
        [prefix],
      ),
      own.query("select from grants where status <> 'revoked' limit 1"),
    ]);
    if (held.length === 0 && live.length === 0) break;
    await sleep(20);
  }
  const { rows } = await own.query<{ ms: number }>(
    "select extract(epoch from clock_timestamp() - max(expires_at))::float8 * 1000 as ms from grants",
  );
  return rows[0]?.ms ?? NaN;
}

async function endSpread(
  url: string,
  own: pg.Pool,
  where: "PostgreSQL" | "Redis" | "Redis, dead",
): Promise<void> {
  await own.query("truncate effects");
  const redis = where === "PostgreSQL" ? undefined : await startRedis();
  const engine = await startScript("revocations-engine.ts", [url, redis?.url ?? ""]);
  const prefix = `${where} `;
  const ended = async (subjectPrefix: string): Promise<void> => {
    const live = `select from grants where subject like $1 || '%' and status <> 'revoked' limit 1`;
    while ((await own.query(live, [subjectPrefix])).rows.length > 0) await sleep(200);
  };
  const bench = { provider: "bench", roles: ["read"] };
  await schedule(url, own, redis?.url, {
    ...bench,
    count: warmUps,
    subjectPrefix: `before ${prefix}`,
    endsInSeconds: 1,
    spreadSeconds: 2,
  });
  await ended(`before ${prefix}`);
  await schedule(url, own, redis?.url, {
    ...bench,
    count: spread,
    subjectPrefix: prefix,
    endsInSeconds: spread / 1000 + 5,
    spreadSeconds: seconds,
  });
  if (where === "Redis, dead") await redis?.kill();
  await ended(prefix);
  const answer = nextMessage(engine.process);
  engine.process.send("starts");
  const { starts: all, cpuMs } = Started.parse(await answer);
  const starts = all.filter(([subject]) => subject.startsWith(prefix));
  await end(engine.process);
  if (where !== "Redis, dead") await redis?.kill();

  const { rows } = await own.query<{ subject: string; ms: number }>(
    `select subject, extract(epoch from expires_at)::float8 * 1000 as ms from grants where subject like $1 || '%'`,
    [prefix],
  );
  const endsAt = new Map(rows.map(({ subject, ms }) => [subject, ms]));
  const late = starts.map(([subject, startedAt]) => startedAt - (endsAt.get(subject) ?? NaN));
  const [, p99 = NaN, max = NaN] = spreadOf(late);
  const isMet =
    late.every((ms) => ms >= 0) && (where === "Redis, dead" ? max <= goal.deadMs : p99 <= goal.aliveMs);
  const again = starts.length - spread;
  console.log(
    line([where, ...figures(late), (cpuMs / all.length).toFixed(1), isMet ? "met" : "not met"]) +
      (again === 0 ? "" : `  ${again} started again`),
  );
}

/** Records access that is to end, and tells the queue of each end, as Hallpass does when access becomes active. */
async function schedule(
  databaseUrl: string,
  own: pg.Pool,
  redisUrl: string | undefined,
  grants: Omit<ActiveGrants, "policyVersion" | "channel">,
): Promise<void> {
  const channel = `#${workspace.channel.name}`;
  await recordActiveGrants(async (sql, values) => (await own.query(sql, values && [...values])).rows, {
    ...grants,
    policyVersion,
    channel,
  });
  await own.query(
    `insert into messages (request_id, surface, kind, place, posted_at)
     select id, 'slack', 'approval', jsonb_build_object('channel', $1::text, 'ts', '1700000000.000100'), now()
     from access_requests where requester_account is not null
     on conflict do nothing`,
    [workspace.channel.id],
  );
  // As autovacuum would have, some time in the hour since.
  await own.query("analyze access_requests, grants, effects");
  const { rows } = await own.query<{ id: string; queue: QueueName; dueAt: Date; inMs: number }>(
    `select id, queue, due_at as "dueAt", extract(epoch from due_at - clock_timestamp())::float8 * 1000 as "inMs"
     from effects where done_at is null and kind = 'revoke' order by due_at`,
  );
  const queues = createQueues({
    redisUrl,
    databaseUrl,
    courtesy: { quiet: () => Promise.resolve(true) },
    log: pino({ level: "silent" }),
  });
  for (let taken = 0; taken < rows.length; taken += 200) {
    if (!(await queues.enqueue(rows.slice(taken, taken + 200), 10_000)))
      throw new Error("the queue did not take the jobs");
  }
  await queues.close(1_000);
}

/** What is still to be said of a round is left out: a channel takes one message a second. */
async function sayNothing(own: pg.Pool): Promise<void> {
  await own.query("update effects set done_at = now(), locked_until = null where done_at is null");
}

/** Half and 99 of 100 are not above the first two; the last is the largest. */
function spreadOf(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.5, 0.99, 1].map((share) => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN);
}

function figures(late: readonly number[]): readonly string[] {
  return [...spreadOf(late).map((ms) => ms.toFixed(0)), String(late.filter((ms) => ms < 0).length)];
}

function line([first = "", ...cells]: readonly string[]): string {
  return `  ${first.padEnd(14)}${cells.map((cell) => cell.padStart(9)).join("")}`;
}
