import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { pino } from "pino";
import { parse } from "yaml";
import { z } from "zod";
import type { SlackOptions } from "../../slack-simulator/server.ts";
import type { ReloadOutcome } from "../../src/access/policy-in-force.ts";
import type { Config } from "../../src/config.ts";
import { type Hallpass, startHallpass } from "../../src/main.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { readPersonalDirectory } from "../../src/persistence/personal/directory.ts";
import { type LoadedPolicy, parsePolicy } from "../../src/policy/language/load.ts";
import { wordFault } from "../../src/policy/language/fault.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { providerTypes } from "../../src/providers/registry.ts";
import type { PaceLimits } from "../../src/slack/delivery/pace.ts";
import type { Guarded, InPolicy } from "../guarded/guarded.ts";
import {
  type GuardedPostgres,
  type Names,
  ordersPostgres,
  startGuardedPostgres,
} from "../guarded/postgres.ts";
import { createDatabase, type TestDatabase } from "./database.ts";
import { limitFaults } from "./slack-limits.ts";
import { type Slack, startSlack } from "./slack.ts";

export type World<System extends Guarded = GuardedPostgres> = {
  readonly slack: Slack;
  readonly guarded: System;
  readonly database: TestDatabase;
  readonly clock: ReturnType<typeof createMovableClock>;
  readonly hallpass: Hallpass;
  /** Runs SQL in Hallpass's own database. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** The same of `audit_events`, with what is sealed there opened. */
  opened(sql: string): Promise<readonly unknown[]>;
  /** Writes another policy to disk, as it were, and has Hallpass read it. */
  reloads(text: string): Promise<ReloadOutcome>;
  /** The kinds of events in order, as the audit has them; those of the policy itself left out. */
  audited(number?: number): Promise<readonly string[]>;
  /** Moves Hallpass's clock and has it look. */
  advance(milliseconds: number): void;
  /** Stops Hallpass and starts it again on the same database. */
  restart(): Promise<void>;
  /** Starts another Hallpass on the same database and workspace; it stops with the world. */
  startAnother(): Promise<Hallpass>;
  /** Stops everything; throws when Hallpass sent anything that Slack's limits do not allow. */
  stop(): Promise<void>;
};

export type WorldOptions = {
  readonly transport?: "socket" | "http";
  /** Where the queues live; PostgreSQL unless told. */
  readonly redisUrl?: string | undefined;
  readonly policy?: (names: Names) => string;
  /** Where on-call schedules are read; nowhere unless told. */
  readonly groups?: Config["groups"];
  readonly slack?: SlackOptions;
  readonly logLevel?: string;
  /** Where the log goes, all of it; nowhere unless told. */
  readonly log?: NodeJS.WritableStream;
  /** What `${NAME}` in the policy stands for, besides what the guarded system has. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** How fast messages may come; at once unless told: most tests say in a second what people say in an hour. */
  readonly pace?: PaceLimits;
};

export const unhurried: PaceLimits = { burst: 10_000, intervalMs: 1 };

/** A whole Hallpass in this process, with a simulated Slack, a database of its own and a PostgreSQL to guard. */
export function startWorld({ policy = ordinaryPolicy, ...options }: WorldOptions = {}): Promise<World> {
  return startWorldOn(startGuardedPostgres, { ...options, policy: ({ names }) => policy(names) });
}

/** The same with any system to guard. */
export async function startWorldOn<System extends Guarded>(
  startGuarded: () => Promise<System>,
  options: Omit<WorldOptions, "policy"> & { readonly policy?: (guarded: System) => string } = {},
): Promise<World<System>> {
  const [slack, database, guarded] = await Promise.all([
    startSlack({ scopes: manifestScopes(), ...options.slack }),
    createDatabase(),
    startGuarded(),
  ]);
  const clock = createMovableClock();
  let policyText = (options.policy ?? ordinaryPolicyOn)(guarded);
  const config = configFor(slack, database.workUrl, options);
  const own = new pg.Pool({ connectionString: database.url, max: 2 });
  const start = async (): Promise<Hallpass> => {
    const started = await startHallpass({
      config,
      policy: policyFrom(policyText),
      policySource: { read: () => Promise.resolve(parseText(policyText)) },
      secret: (name) => guarded.secrets[name] ?? options.secrets?.[name],
      log: pino(
        { level: options.logLevel ?? process.env["TEST_LOG_LEVEL"] ?? (options.log ? "info" : "silent") },
        options.log ?? process.stdout,
      ),
      clock,
      pace: options.pace ?? unhurried,
    });
    if (options.transport === "http") slack.setAppUrl(`http://127.0.0.1:${started.port}`);
    await started.ready;
    return started;
  };
  let hallpass = await start();
  const others: Hallpass[] = [];
  const query = async <Row extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> => (await own.query<Row>(sql, [...values])).rows;
  return {
    slack,
    guarded,
    database,
    clock,
    get hallpass() {
      return hallpass;
    },
    query,
    async opened(sql) {
      const client = await own.connect();
      try {
        const directory = await readPersonalDirectory(client);
        return (await client.query<Record<string, unknown>>(sql)).rows.map(directory.openAll);
      } finally {
        client.release();
      }
    },
    reloads(text) {
      policyText = text;
      return hallpass.reloadPolicy();
    },
    async audited(number) {
      const rows = await query<{ type: string }>(
        `select type from audit_events a left join access_requests r on r.id = a.request_id
         where ($1::int is null or r.number = $1) and type not like 'policy.%' order by a.seq`,
        [number ?? null],
      );
      return rows.map(({ type }) => type);
    },
    advance(milliseconds) {
      clock.advance(milliseconds);
      hallpass.look();
    },
    async restart() {
      await hallpass.stop();
      hallpass = await start();
    },
    async startAnother() {
      const another = await start();
      others.push(another);
      return another;
    },
    async stop() {
      await Promise.all([hallpass, ...others].map((each) => each.stop()));
      await own.end();
      await Promise.all([slack.close(), database.close(), guarded.close()]);
      const faults = limitFaults(slack);
      if (faults.length > 0) throw new Error(`Slack would not take this as it is:\n${faults.join("\n")}`);
    },
  };
}

/** One for all worlds of a test file. */
export const auditKey = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

/** The shape of DESIGN's example: reading takes one lead, writing another channel, on-call reads at once. */
export function ordinaryPolicy(names: Names): string {
  return ordinaryPolicyOn(ordersPostgres(names));
}

/** The same for any guarded system. */
function ordinaryPolicyOn({ name, provider, grants, subject }: InPolicy): string {
  return `
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts", auditors: [group:security], admins: [group:security] }
people:
  alice@example.com: { ${name}: ${subject("alice")} }
  bob@example.com: { ${name}: ${subject("bob")} }
  erin@example.com: { ${name}: ${subject("erin")} }
groups:
  engineers: { members: [alice@example.com, erin@example.com, bob@example.com] }
  leads: { members: [bob@example.com, carol@example.com] }
  on-call: { members: [erin@example.com] }
  security: { members: [dana@example.com] }
providers:
  ${name}: ${provider}
resources:
  orders-db:
    title: Orders database (production)
    provider: ${name}
    risk: high
    roles:
      read: { title: Read only, grant: ${grants.read} }
      write: { title: Read and write, grant: ${grants.write}, max_duration: 4h }
  ghost-db:
    title: A role that does not exist
    provider: ${name}
    roles:
      any: { title: Nothing, grant: ${grants.missing} }
rules:
  - { name: on-call reads at once, requesters: [group:on-call], access: ["orders-db:read"], decision: allow, max_duration: 8h }
  - name: reading takes one lead
    requesters: [group:engineers]
    access: ["orders-db:read", "ghost-db:any"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_duration: 8h
  - name: writing takes a lead
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
    channel: "#orders-approvals"
    timeout: 2h
    max_duration: 4h
`;
}

function parseText(text: string): LoadedPolicy {
  return parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
}

export function policyFrom(text: string): Policy {
  const loaded = parseText(text);
  if (!loaded.ok) throw new Error(loaded.faults.map(wordFault).join("\n"));
  return loaded.policy;
}

/** Hallpass's configuration on these servers. */
export function configFor(
  slack: Pick<Slack, "tokens" | "apiUrl" | "signingSecret">,
  databaseUrl: string,
  options: Pick<WorldOptions, "transport" | "groups" | "redisUrl">,
): Config {
  return {
    slack: {
      botToken: slack.tokens.bot,
      apiUrl: slack.apiUrl,
      transport:
        options.transport === "http"
          ? { mode: "http", signingSecret: slack.signingSecret }
          : { mode: "socket", appToken: slack.tokens.app },
    },
    groups: options.groups ?? { pagerDuty: undefined, opsgenie: undefined },
    http: { host: "127.0.0.1", port: 0 },
    ops: { host: "127.0.0.1", port: 0 },
    database: { url: databaseUrl, dataDir: "/nonexistent" },
    redisUrl: options.redisUrl === undefined ? undefined : ownRedisDatabase(options.redisUrl),
    auditKey,
    policyPath: "hallpass.yml",
    logLevel: "silent",
  };
}

let worlds = 0;

/** Redis has 16 numbered databases; worlds of one worker, and workers, keep out of one another's. */
function ownRedisDatabase(redisUrl: string): string {
  worlds += 1;
  const number = ((Number(process.env["JEST_WORKER_ID"] ?? 1) - 1) * 8 + (worlds % 8)) % 16;
  return Object.assign(new URL(redisUrl), { pathname: `/${number}` }).href;
}

/** The simulated Slack grants what the manifest asks for and refuses calls that need more. */
export function manifestScopes(): readonly string[] {
  const manifest: unknown = parse(readFileSync(new URL("../../manifest.yml", import.meta.url), "utf8"));
  return ManifestScopes.parse(manifest).oauth_config.scopes.bot;
}

const ManifestScopes = z.object({
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
});
