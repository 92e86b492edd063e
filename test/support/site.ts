import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { SlackOptions } from "../../slack-simulator/server.ts";
import { isAlive } from "../../src/persistence/embedded/lock.ts";
import { readPasswords } from "../../src/persistence/embedded/secrets.ts";
import { addressUrl, owner, readRecord } from "../../src/persistence/embedded/server.ts";
import { createDatabase, createEmptyDatabase } from "./database.ts";
import { type GuardedPostgres, startGuardedPostgres } from "../guarded/postgres.ts";
import { ordinaryPolicy } from "./hallpass.ts";
import { type Run, startRun } from "./process.ts";
import { freePort, type Proxy, startProxy } from "./proxy.ts";
import { type Slack, startSlack } from "./slack.ts";

type Env = Readonly<Record<string, string>>;

export type SiteOptions = {
  readonly transport?: "socket" | "http";
  /** On the server all tests share (migrated already, or `fresh`), or the one Hallpass brings. */
  readonly database?: "shared" | "fresh" | "embedded";
  readonly redisUrl?: string;
  readonly slack?: SlackOptions;
};

/** Where Hallpass is installed: all that it talks to, and a folder; Hallpass itself is started by the test. */
export type Site = {
  readonly slack: Slack;
  readonly guarded: GuardedPostgres;
  /** What stands between Hallpass and the server it guards. */
  readonly guardedNetwork: Proxy;
  /** What stands between Hallpass and its database; of no effect with its own. */
  readonly databaseNetwork: Proxy;
  /** Holds the policy, `hallpass.yml`; Hallpass's working directory. */
  readonly directory: string;
  /** What Hallpass is started with. */
  readonly env: Env;
  /** Starts a Hallpass; with settings of its own, or `""` for without. */
  start(env?: Env, args?: readonly string[]): Promise<Run>;
  /** Runs SQL in Hallpass's database, which needs no Hallpass that runs. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** The audit's events so far, by their number: `{"grant.active": 1}`; those of the policy itself left out. */
  audited(): Promise<Readonly<Record<string, number>>>;
  /** The process id of Hallpass's own PostgreSQL, if one runs. */
  embeddedPid(): Promise<number | undefined>;
  /** Ends whatever still runs and removes what was made. */
  close(): Promise<void>;
};

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const directory = await mkdtemp(join(tmpdir(), "hallpass-process-"));
  // Under root its PostgreSQL runs as another user, who must be able to get here.
  await chmod(directory, 0o755);
  const dataDir = join(directory, "own");
  const [slack, database, guarded] = await Promise.all([
    startSlack(options.slack ?? {}),
    options.database === "fresh" ? createEmptyDatabase() : createDatabase(),
    startGuardedPostgres(),
  ]);
  const [guardedNetwork, databaseNetwork] = await Promise.all([
    startProxy(guarded.url),
    // Nothing but the embedded one and an empty one is Hallpass's to migrate.
    startProxy(options.database === "fresh" ? database.ownerUrl : database.workUrl),
  ]);
  // Tests say in a second what people say in an hour, and more of it wait at a time.
  const policy = ordinaryPolicy(guarded.names).replace("settings: {", "settings: { max_pending: 1000,");
  await writeFile(join(directory, "hallpass.yml"), policy);
  const isEmbedded = options.database === "embedded";
  const env: Env = {
    SLACK_BOT_TOKEN: slack.tokens.bot,
    SLACK_API_URL: slack.apiUrl,
    ...(options.transport === "http"
      ? { SLACK_SIGNING_SECRET: slack.signingSecret, HOST: "127.0.0.1" }
      : { SLACK_APP_TOKEN: slack.tokens.app }),
    ...(isEmbedded ? { HALLPASS_DATA_DIR: dataDir } : { DATABASE_URL: databaseNetwork.url }),
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ORDERS_DATABASE_URL: guardedNetwork.url,
  };
  const runs: Run[] = [];

  async function embeddedPid(): Promise<number | undefined> {
    const record = await readRecord(join(dataDir, "postgres/data"));
    return record && isAlive(record.pid) ? record.pid : undefined;
  }

  async function databaseUrl(): Promise<string> {
    if (!isEmbedded) return database.url;
    const record = await readRecord(join(dataDir, "postgres/data"));
    if (!record) throw new Error("Hallpass's own PostgreSQL does not run");
    const passwords = await readPasswords(dataDir);
    if (!passwords) throw new Error("Hallpass's own PostgreSQL has no passwords");
    return addressUrl({ port: record.port, role: owner, password: passwords.owner });
  }

  async function query<Row extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const client = new pg.Client({ connectionString: await databaseUrl() });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  return {
    slack,
    guarded,
    guardedNetwork,
    databaseNetwork,
    directory,
    env,
    async start(own = {}, args = []) {
      const port = String(await freePort());
      const opsPort = String(await freePort());
      const run = startRun({ ...env, PORT: port, OPS_PORT: opsPort, ...own }, directory, args);
      runs.push(run);
      if (options.transport === "http") slack.setAppUrl(`http://127.0.0.1:${port}`);
      return run;
    },
    query,
    async audited() {
      const rows = await query<{ type: string; count: number }>(
        "select type, count(*)::int from audit_events where type not like 'policy.%' group by type order by min(seq)",
      );
      return Object.fromEntries(rows.map(({ type, count }) => [type, count]));
    },
    embeddedPid,
    async close() {
      await Promise.all(runs.map((run) => run.kill()));
      const pid = await embeddedPid();
      if (pid !== undefined) await quit(pid);
      await Promise.all([slack.close(), guardedNetwork.close(), databaseNetwork.close()]);
      await Promise.all([database.close(), guarded.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function quit(pid: number): Promise<void> {
  process.kill(pid, "SIGQUIT");
  while (isAlive(pid)) await sleep(20);
}
