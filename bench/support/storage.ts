import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/persistence/embedded.ts";
import { migrate } from "../../src/persistence/migrate.ts";
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
  /** For the floor: the same tables, with the policy row that requests refer to. */
  readonly floor: BenchDatabase;
  /** The server Hallpass grants on. */
  readonly guardedUrl: string;
  readonly policyPath: string;
  readonly floorPolicyVersion: string;
  close(): Promise<void>;
};

/** Databases, roles and a policy of this run's own, on the server at `givenUrl` or on a throw-away one. */
export async function createStorage(givenUrl: string | undefined): Promise<Storage> {
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
  const names = ["hallpass", "floor", "guarded"].map((name) => `bench_${name}_${suffix}`);
  const [hallpassUrl = "", floorUrl = "", guardedUrl = ""] = names.map(
    (name) => Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href,
  );
  for (const name of names) await admin.query(`create database "${name}"`);
  const role = `bench_orders_read_${suffix}`;
  const subjects = Array.from({ length: requesterCount }, (_, n) => `bench_engineer${n + 1}_${suffix}`);
  await admin.query([role, ...subjects].map((name) => `create role ${name}`).join(";"));
  const { rows } = await admin.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );

  await migrate(floorUrl, { log });
  const hallpassPool = new pg.Pool({ connectionString: hallpassUrl, max: 1 });
  const floorPool = new pg.Pool({ connectionString: floorUrl, max: 1 });
  const floorPolicyVersion = createHash("sha256").update("").digest("hex");
  await floorPool.query("insert into policies (hash, text) values ($1, '')", [floorPolicyVersion]);
  const policyPath = join(directory, "hallpass.yml");
  await writeFile(policyPath, policyText(role, subjects));
  return {
    directory,
    postgresVersion: rows[0]?.version ?? "unknown",
    hallpass: { url: hallpassUrl, ...questions(hallpassPool) },
    floor: { url: floorUrl, ...questions(floorPool) },
    guardedUrl,
    policyPath,
    floorPolicyVersion,
    async close() {
      await Promise.all([hallpassPool.end(), floorPool.end()]);
      for (const name of names) await admin.query(`drop database if exists "${name}" with (force)`);
      await admin.query(`drop role if exists ${[role, ...subjects].join(", ")}`);
      await admin.end();
      await embedded?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function questions(pool: pg.Pool): Omit<BenchDatabase, "url"> {
  return {
    async recorded() {
      const { rows } = await pool.query<Recorded>(
        `select count(*)::int as requests, count(*) filter (where status = 'approved')::int as approved,
                (select count(*)::int from effects where done_at is null and due_at <= now()) as "effectsOwed"
         from access_requests`,
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

function policyText(role: string, subjects: readonly string[]): string {
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
      read: { title: Read only, grant: { role: ${role} } }
rules:
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;
}
