import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { migrate } from "../../src/persistence/database/migrate.ts";
import { fillHistory } from "./history.ts";
import { person, requesterCount, workspace } from "./workspace.ts";

/** What is recorded in a database, to hold against what was answered. */
export type Recorded = { readonly requests: number; readonly approved: number; readonly effectsOwed: number };

export type BenchDatabase = {
  readonly url: string;
  recorded(): Promise<Recorded>;
  /** The latest requests that nobody has decided yet. */
  pendingIds(limit: number): Promise<readonly string[]>;
};

export type Storage = {
  readonly directory: string;
  readonly postgresVersion: string;
  /** For Hallpass; it migrates it itself. */
  readonly hallpass: BenchDatabase;
  /** For Hallpass, with past requests in it; absent unless they were asked for. */
  readonly past?: BenchDatabase & { readonly policyPath: string };
  /** For the floor: the same tables, with the policy row that requests refer to. */
  readonly floor: BenchDatabase;
  /** The server Hallpass grants on. */
  readonly guardedUrl: string;
  readonly policyPath: string;
  readonly floorPolicyVersion: string;
  close(): Promise<void>;
};

/**
 * Databases, roles and a policy of this run's own, on the server at `givenUrl` or on a throw-away one.
 * `history`: how many past requests one of them holds; the policy is a large one then, and asks what people held.
 */
export async function createStorage(givenUrl: string | undefined, history?: number): Promise<Storage> {
  const directory = await mkdtemp(join(tmpdir(), "hallpass-bench-"));
  // Under root the server runs as another user, who must be able to get here.
  await chmod(directory, 0o755);
  const log = { info: () => undefined };
  // As durable as in life: an acknowledged commit has reached the disk.
  const embedded =
    givenUrl === undefined
      ? await startEmbeddedPostgres({ dataDir: directory, log, keepSuperuser: true })
      : undefined;
  const serverUrl = givenUrl ?? embedded?.superuserUrl ?? "";
  const suffix = randomBytes(4).toString("hex");
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  const names = ["hallpass", "floor", "guarded", ...(history === undefined ? [] : ["past"])].map(
    (name) => `bench_${name}_${suffix}`,
  );
  const [hallpassUrl = "", floorUrl = "", guardedUrl = "", pastUrl] = names.map(
    (name) => Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href,
  );
  for (const name of names) await admin.query(`create database "${name}"`);
  const role = `bench_orders_read_${suffix}`;
  const subjects = Array.from({ length: requesterCount }, (_, n) => `bench_engineer${n + 1}_${suffix}`);
  // Granted by two Hallpasses, one role would be held before to one of them.
  const pastRole = `bench_orders_read_past_${suffix}`;
  const roles = [role, pastRole, ...subjects];
  await admin.query(roles.map((name) => `create role ${name}`).join(";"));
  const { rows } = await admin.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );

  await migrate(floorUrl, { log });
  const hallpassPool = new pg.Pool({ connectionString: hallpassUrl, max: 1 });
  const floorPool = new pg.Pool({ connectionString: floorUrl, max: 1 });
  const floorPolicyVersion = createHash("sha256").update("").digest("hex");
  await floorPool.query("insert into policies (hash, text) values ($1, '')", [floorPolicyVersion]);
  const writePolicy = async (name: string, granted: string): Promise<string> => {
    const path = join(directory, name);
    const more = history === undefined ? nothingMore : largePolicy(granted);
    await writeFile(path, policyText(granted, subjects, more));
    return path;
  };
  const policyPath = await writePolicy("hallpass.yml", role);
  const past =
    pastUrl === undefined
      ? undefined
      : {
          ...(await openPast(pastUrl, history ?? 0)),
          policyPath: await writePolicy("hallpass-past.yml", pastRole),
        };
  return {
    directory,
    postgresVersion: rows[0]?.version ?? "unknown",
    hallpass: { url: hallpassUrl, ...questions(hallpassPool) },
    ...(past && { past }),
    floor: { url: floorUrl, ...questions(floorPool) },
    guardedUrl,
    policyPath,
    floorPolicyVersion,
    async close() {
      await Promise.all([hallpassPool.end(), floorPool.end(), past?.close()]);
      for (const name of names) await admin.query(`drop database if exists "${name}" with (force)`);
      await admin.query(`drop role if exists ${roles.join(", ")}`);
      await admin.end();
      await embedded?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function openPast(url: string, requests: number): Promise<BenchDatabase & { close(): Promise<void> }> {
  const started = performance.now();
  await migrate(url, { log: { info: () => undefined } });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await fillHistory(client, requests);
  const { rows } = await client.query<{ size: string }>(
    "select pg_size_pretty(pg_database_size(current_database())) as size",
  );
  await client.end();
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${requests.toLocaleString("en")} past requests, ${rows[0]?.size}, were made in ${seconds} s`);
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  return { url, ...questions(pool, requests), close: () => pool.end() };
}

/** `past`: so many requests were there before, and are not counted. */
function questions(pool: pg.Pool, past = 0): Omit<BenchDatabase, "url"> {
  return {
    async recorded() {
      const { rows } = await pool.query<Recorded>(
        `select count(*)::int as requests, count(*) filter (where status = 'approved')::int as approved,
                (select count(*)::int from effects where done_at is null and due_at <= now()) as "effectsOwed"
         from access_requests where number > $1`,
        [past],
      );
      return rows[0] ?? { requests: 0, approved: 0, effectsOwed: 0 };
    },
    async pendingIds(limit) {
      const { rows } = await pool.query<{ id: string }>(
        "select id from access_requests where status = 'pending' order by number desc limit $1",
        [limit],
      );
      return rows.map(({ id }) => id);
    },
  };
}

/** What a policy has besides what is asked for. */
type More = Readonly<Record<"resources" | "rules" | "limits", string>>;
const nothingMore: More = { resources: "", rules: "", limits: "" };

/** With the rule that decides a thousand, the other 999 before it; a rule with `cooldown` asks what people held. */
function largePolicy(role: string): More {
  const resources = Array.from(
    { length: 111 },
    (_, n) => `
  resource-${n}: { provider: orders-postgres, roles: { read: { grant: { role: ${role} } } } }`,
  );
  const rules = Array.from(
    { length: 999 },
    (_, n) => `
  - name: rule ${n}
    requesters: [group:engineers]
    access: ["resource-${n % 111}:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    cooldown: ${1 + n}s`,
  );
  return { resources: resources.join(""), rules: rules.join(""), limits: "\n    cooldown: 1s" };
}

function policyText(role: string, subjects: readonly string[], { resources, rules, limits }: More): string {
  const people = subjects.map(
    (subject, index) => `  ${person(index + 1).email}: { orders-postgres: ${subject} }`,
  );
  return `
version: 1
settings: { channel: "#${workspace.channel.name}", max_pending: 1000000 }
people:
${people.join("\n")}
groups:
  engineers: { members: [${subjects.map((_, index) => person(index + 1).email).join(", ")}] }
  leads: { members: [${person(0).email}] }
providers:
  orders-postgres: { type: postgres, url: "\${ORDERS_DATABASE_URL}" }
resources:
  orders-db:
    title: Orders database
    provider: orders-postgres
    risk: high
    roles:
      read: { title: Read only, grant: { role: ${role} } }${resources}
rules:${rules}
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]${limits}
`;
}
