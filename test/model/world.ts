import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { pino } from "pino";
import { z } from "zod";
import type { User } from "../../slack-simulator/model.ts";
import { GRID_TEAM, PEOPLE, SISTER_TEAM_ID } from "../../slack-simulator/seed.ts";
import { type Hallpass, startHallpass } from "../../src/main.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { readPersonalDirectory } from "../../src/persistence/personal/directory.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { createDatabase } from "../support/database.ts";
import { configFor, manifestScopes, policyFrom, unhurried } from "../support/hallpass.ts";
import { type ProviderServer, startProviderServer } from "../support/provider-server.ts";
import { startRedis } from "../support/redis.ts";
import { limitFaults } from "../support/slack-limits.ts";
import { type Slack, startSlack } from "../support/slack.ts";
import type { SlackMood } from "./history.ts";
import { type CrashPoint, type Network, startNetwork } from "./network.ts";
import { type Owed, readOwed, readOwes } from "./owed.ts";
import { createPersons, type Persons } from "./persons.ts";
import { type PolicyName, policyNames, policyText } from "./policy.ts";
import { Asked, askedSince, Line, linesAfter } from "./record.ts";
import { mayDoNothing } from "./may-do-nothing.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

export type Change = { readonly at: number; readonly pair: string; readonly isHeld: boolean };

/** Hallpass with everything around it, all of which can fail. */
export type ModelWorld = {
  readonly slack: Slack;
  readonly provider: ProviderServer;
  /** What the provider held since when, of the whole run. */
  readonly changes: readonly Change[];
  /** Faults of Hallpass itself, which nothing that happens to it excuses. */
  readonly faults: readonly string[];
  /** Slack is as it should be. */
  readonly isSlackWell: boolean;
  /** The same at each line of the audit. */
  readonly slackWell: Timeline<boolean>;
  setSlackWell(isWell: boolean): Promise<void>;
  readonly persons: Persons;
  /** The accounts as they were at first. */
  originals(): readonly User[];
  original(name: string): User;
  /** An address that nobody ever had. */
  freshAddress(): string;
  /** Which policy was in force at each line of the audit. */
  readonly policies: Timeline<PolicyName>;
  /** Puts another policy in force, as who edits its file does. */
  usePolicy(name: PolicyName): Promise<void>;
  policyNamed(hash: string): PolicyName;
  /** The place of the last line of the audit. */
  lastLine(): Promise<number>;
  linesAfter(seq: number): Promise<readonly Line[]>;
  /** Reads who has done what since it was read last, and by which account and address. */
  hear(): Promise<void>;
  /** An answer of Slack may have been lost, so that a message may stand twice. */
  lostAnswers: boolean;
  /** It may have been; where Hallpass may look in Slack, a message stands once all the same. */
  loseAnswers(): void;
  asked(since: number): Promise<readonly Asked[]>;
  nextNumber(): Promise<number>;
  owed(): Promise<Owed>;
  /** What is not done yet, in words. */
  owes(): Promise<readonly string[]>;
  now(): Promise<Date>;
  /** Moves the time Hallpass goes by. */
  pass(minutes: number): void;
  /** What that time was just after each move, in milliseconds since 1970. */
  readonly jumps: readonly number[];
  /** Waits until Hallpass has nothing to do that it could do now. */
  settle(): Promise<void>;
  /** Has Hallpass die at this point, which may never come. */
  dieAt(point: CrashPoint): Promise<void>;
  /** Hallpass is dead from now on. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Everything around Hallpass works again, and so does Hallpass. */
  heal(): Promise<void>;
  close(): Promise<void>;
};

export function pairOf(subject: string, target: Readonly<Record<string, string>>): string {
  return JSON.stringify([
    subject,
    Object.entries(target).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  ]);
}

/** Some of them at home in another workspace of the organisation; the stranger is in a channel that is shared with them. */
const colleagues = PEOPLE.map((person) => {
  if (person.isStranger === true) return { ...person, isStranger: false, enterpriseId: undefined };
  return ["bob", "dana"].includes(person.name) ? { ...person, teamId: SISTER_TEAM_ID } : person;
});

const parsed = new Map<PolicyName, Policy>();

function policyOf(name: PolicyName): Policy {
  const policy = parsed.get(name) ?? policyFrom(policyText(name));
  parsed.set(name, policy);
  return policy;
}

type Incarnation = {
  readonly hallpass: Hallpass;
  readonly network: Network;
  isReady: boolean;
  isDead: boolean;
};

/** Of the machine's time, which others may need too; what stands still does so for ever. */
const settleMs = 30_000;
const lookEveryMs = 250;
/** What hangs keeps others waiting; nobody waits for them as long. */
const hangingSettleMs = 400;

/** Where jobs are queued; in PostgreSQL where there is no Redis. */
export type Queues = "PostgreSQL" | "Redis";

/** History scopes, with which Hallpass looks in Slack for what it was not told of. */
const historyScopes = ["channels:history", "groups:history", "im:history"];

export async function openModelWorld(queues: Queues, mood: SlackMood = "kind"): Promise<ModelWorld> {
  const [slack, database, provider, redis] = await Promise.all([
    startSlack({
      scopes: [...manifestScopes(), ...(mood === "unkind" ? historyScopes : [])],
      seed: { team: GRID_TEAM, people: colleagues },
    }),
    createDatabase(),
    startProviderServer(),
    queues === "Redis" ? startRedis() : undefined,
  ]);
  if (mood === "unkind")
    for (const channel of slack.workspace.channels())
      slack.workspace.putChannel({
        ...channel,
        members: [...new Set([...channel.members, slack.workspace.app.botUserId])],
      });
  const own = new pg.Pool({ connectionString: database.url, max: 3, application_name: "model" });
  // The database is dropped with whoever is still connected.
  own.on("error", () => undefined);
  const persons = createPersons();
  const originals = slack.workspace.users().filter(({ isBot }) => !isBot);
  for (const user of originals) persons.add(user.id, user.email, mayDoNothing(user));
  let freshAddresses = 0;
  const policies = createTimeline<PolicyName>("ordinary");
  const slackWell = createTimeline(true);
  let policyName: PolicyName = "ordinary";
  let isSlackWell = true;
  let heardTo = 0;
  const changes: Change[] = [];
  const faults: string[] = [];
  const jumps: number[] = [];
  const buried: Promise<unknown>[] = [];
  let offset = 0;
  let living: Incarnation | undefined;
  provider.onChange((subject, target, isHeld) => {
    changes.push({ at: Date.now(), pair: pairOf(subject, target), isHeld });
  });

  const query = async <Row extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> => (await own.query<Row>(sql, [...values])).rows;

  // Connections that end and begin are Socket Mode's.
  const transport = mood === "kind" ? "http" : "socket";

  async function start(): Promise<void> {
    if (living) return;
    const network = await startNetwork({
      database: database.workUrl,
      provider: provider.url,
      slack: slack.apiUrl,
      redis: redis?.url,
    });
    const clock = createMovableClock();
    clock.advance(offset);
    let born: Incarnation | undefined;
    const lines = new Writable({
      write(chunk: Buffer, _, done) {
        const line = String(chunk);
        if (/"msg":"(?:a fault in Hallpass|an interaction failed)"/u.test(line) && born?.isDead === false)
          faults.push(line.slice(0, 2_000));
        done();
      },
    });
    const hallpass = await startHallpass({
      config: configFor(
        { tokens: slack.tokens, signingSecret: slack.signingSecret, apiUrl: network.slackUrl },
        network.databaseUrl,
        { transport, redisUrl: network.redisUrl },
      ),
      policy: policyOf(policyName),
      policySource: {
        read: () => Promise.resolve({ ok: true, policy: policyOf(policyName), warnings: () => [] }),
      },
      secret: (name) => (name === "TOOL_URL" ? network.providerUrl : provider.token),
      log: pino({ level: process.env["TEST_LOG_LEVEL"] ?? "error" }, lines),
      clock,
      pace: unhurried,
    });
    const incarnation: Incarnation = { hallpass, network, isReady: false, isDead: false };
    born = incarnation;
    living = incarnation;
    clockOf.set(incarnation, clock);
    const ready = hallpass.ready.then(
      () => (incarnation.isReady = true),
      () => false,
    );
    if (transport === "http") slack.setAppUrl(await network.reach(`http://127.0.0.1:${hallpass.port}`));
    if (world.isSlackWell) await ready;
  }

  const clockOf = new WeakMap<Incarnation, ReturnType<typeof createMovableClock>>();

  async function crash(): Promise<void> {
    if (!living) return;
    const dead = living;
    living = undefined;
    dead.isDead = true;
    dead.network.die();
    slack.sockets.drop();
    world.loseAnswers();
    buried.push(dead.hallpass.stop().then(() => dead.network.close()));
    await forgetTheDead();
  }

  /** What the dead had asked of the database is over, and what they had claimed is free again, as it is some seconds later. */
  async function forgetTheDead(): Promise<void> {
    const others = `from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and application_name <> 'model' and pid <> pg_backend_pid()`;
    const end = performance.now() + 1_000;
    for (;;) {
      const [left] = await query<{ count: number }>(`select count(*)::int as count ${others}`);
      if (left?.count === 0) break;
      if (performance.now() > end) await query(`select pg_terminate_backend(pid) ${others}`);
      await sleep(5);
    }
    await query("update effects set locked_until = null where done_at is null and locked_until is not null");
  }

  const owed = (): Promise<Owed> => readOwed(own, offset);

  async function opened(sql: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    const client = await own.connect();
    try {
      const { rows } = await client.query(sql, [...values]);
      if (rows.length === 0) return rows;
      const { openAll } = await readPersonalDirectory(client);
      return rows.map(openAll);
    } finally {
      client.release();
    }
  }

  async function lastLine(): Promise<number> {
    const [row] = await query<{ last: number }>(
      "select coalesce(max(seq), 0)::int as last from audit_events",
    );
    return row?.last ?? 0;
  }

  const world: ModelWorld = {
    slack,
    provider,
    changes,
    faults,
    get isSlackWell() {
      return isSlackWell;
    },
    slackWell,
    async setSlackWell(isWell) {
      if (isWell === isSlackWell) return;
      isSlackWell = isWell;
      const last = await lastLine();
      // What was asked while Slack answered may be written when it does not any more, and the other way round.
      slackWell.change(last, last + 1, isWell);
    },
    persons,
    originals: () => originals,
    original(name) {
      const user = originals.find((one) => one.name === name);
      if (!user) throw new Error(`nobody is called ${name}`);
      return user;
    },
    freshAddress() {
      freshAddresses += 1;
      return `fresh${freshAddresses}@example.com`;
    },
    policies,
    async usePolicy(name) {
      if (name === policyName) return;
      const before = await lastLine();
      policyName = name;
      await living?.hallpass.reloadPolicy();
      policies.change(before, await lastLine(), name);
    },
    policyNamed(hash) {
      const name = policyNames.find((one) => policyOf(one).hash === hash);
      if (name === undefined) throw new Error(`no policy of the model is ${hash}`);
      return name;
    },
    jumps,
    lastLine,
    linesAfter: async (seq) => z.array(Line).parse(await opened(linesAfter, [seq])),
    async hear() {
      for (const { seq, actorAccount, actorEmail } of await world.linesAfter(heardTo)) {
        heardTo = seq;
        if (actorAccount !== null && actorEmail !== null)
          persons.hear({ seq, account: actorAccount, email: actorEmail });
      }
    },
    lostAnswers: false,
    loseAnswers() {
      world.lostAnswers ||= mood === "kind";
    },
    asked: async (since) => z.array(Asked).parse(await opened(askedSince, [since])),
    async nextNumber() {
      const [row] = await query<{ next: number }>(
        "select coalesce(max(number), 1000)::int + 1 as next from access_requests",
      );
      return row?.next ?? 0;
    },
    owed,
    owes: () => readOwes(own),
    async now() {
      const [row] = await query<{ now: Date }>(
        "select statement_timestamp() + $1::float8 * interval '1 millisecond' as now",
        [offset],
      );
      return row?.now ?? new Date();
    },
    pass(minutes) {
      offset += minutes * 60_000;
      jumps.push(Date.now() + offset);
      if (!living) return;
      clockOf.get(living)?.advance(minutes * 60_000);
      living.hallpass.look();
    },
    async settle() {
      if (!living) return;
      const started = performance.now();
      for (let pause = 2, looks = 1; ; pause = Math.min(pause * 1.5, 30)) {
        // Each look asks the database a dozen questions: what is due hears of it by its job, mostly.
        if (performance.now() - started >= looks * lookEveryMs) {
          looks += 1;
          living.hallpass.look();
        }
        await sleep(pause);
        const { runnable, claimed } = await owed();
        if (runnable + claimed === 0) return;
        const waited = performance.now() - started;
        if (provider.hanging() > 0 && waited > hangingSettleMs) return;
        if (waited > settleMs)
          throw new Error(
            `after ${settleMs / 1000} s ${runnable} effects could be done and ${claimed} are being done`,
          );
      }
    },
    dieAt: async (point) => living?.network.dieAt(point),
    crash,
    start,
    async heal() {
      slack.faults.clear();
      await world.setSlackWell(true);
      await provider.heal();
      // One that waits for Slack waits for longer and longer.
      if (living?.isReady === false) await crash();
      await start();
    },
    async close() {
      await provider.heal();
      if (living) {
        await living.hallpass.stop();
        await living.network.close();
      }
      await Promise.all(buried);
      await own.end();
      await Promise.all([slack.close(), database.close(), provider.close(), redis?.kill()]);
      const said = limitFaults(slack);
      if (said.length > 0) throw new Error(`Slack would not take this as it is:\n${said.join("\n")}`);
    },
  };
  await start();
  return world;
}
