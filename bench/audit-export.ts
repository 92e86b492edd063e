// `npm run bench:export`: how fast the audit is exported, and in how much memory, beside PostgreSQL's own COPY in the same run.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../src/persistence/embedded/embedded.ts";
import { migrate } from "../src/persistence/database/migrate.ts";
import { fillAuditLog } from "./support/audit-log.ts";
import { copyOnce, exportOnce, type Measured } from "./support/export-child.ts";

const sizes = [10_000, Number(process.argv[2] ?? 1_000_000)];
const rounds = 2;
const goal = { share: 0.6, rssMb: 125 };
/** Of fewer events the start is most of it, and only the memory is held against the goal. */
const warmSize = 100_000;
const log = { info: () => undefined };

/** PostgreSQL's own way to what stands in an export: the same rows and columns, in the same order. */
const columns = `e.seq, e.at, e.type, r.number, e.request_id, e.grant_id, e.actor_kind, e.actor_email, e.actor_slack_id,
  e.requester_email, e.resource, e.role, e.rule, e.policy_version, e.data
  from audit_events e left join access_requests r on r.id = e.request_id order by e.seq`;

/** `bare`: the table as it lies there, which no export is; said besides. */
const formats = [
  {
    format: "csv",
    floor: `copy (select ${columns}) to stdout with (format csv)`,
    bare: "copy audit_events to stdout with (format csv)",
  },
  { format: "jsonl", floor: "copy (select to_jsonb(e) from audit_events e) to stdout", bare: undefined },
] as const;

const directory = await mkdtemp(join(tmpdir(), "hallpass-bench-"));
// Under root the server runs as another user, who must be able to get here.
await chmod(directory, 0o755);
const postgres = await startEmbeddedPostgres({ dataDir: directory, log, keepSuperuser: true });
try {
  console.log(
    `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), load ${loadavg()[0]?.toFixed(1)}, Node.js ${process.version}\n` +
      `goal: ${goal.share * 100} % of COPY's rows a second, at most ${goal.rssMb} MB resident; the best of ${rounds} rounds, in turn\n`,
  );
  for (const size of sizes) await benchmark(size);
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}

async function benchmark(size: number): Promise<void> {
  const url = await databaseOf(size);
  for (const { format, floor, bare } of formats) {
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    const barely: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await copyOnce(url, floor));
      ours.push(await exportOnce(url, format));
      if (bare !== undefined) barely.push(await copyOnce(url, bare));
    }
    const share = rate(best(ours)) / rate(best(theirs));
    const rssMb = Math.max(...ours.map((each) => each.rssMb));
    console.log(`${size.toLocaleString("en")} events, ${format}`);
    console.log(`  hallpass       ${word(best(ours))}, peak ${rssMb.toFixed(0)} MB`);
    console.log(`  COPY           ${word(best(theirs))}`);
    if (barely.length > 0) console.log(`  COPY of table  ${word(best(barely))}`);
    const isMet = (share >= goal.share || size < warmSize) && rssMb <= goal.rssMb;
    console.log(`  ${(share * 100).toFixed(0)} % of COPY: goal ${isMet ? "met" : "NOT met"}\n`);
  }
}

async function databaseOf(size: number): Promise<string> {
  const name = `bench_${size}`;
  const admin = new Client({ connectionString: postgres.superuserUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const { href } = Object.assign(new URL(postgres.superuserUrl ?? ""), { pathname: `/${name}` });
  await migrate(href, { log });
  const client = new Client({ connectionString: href });
  await client.connect();
  await fillAuditLog(client, size);
  await client.end();
  return href;
}

function best(measured: readonly Measured[]): Measured {
  return measured.reduce((fastest, each) => (each.ms < fastest.ms ? each : fastest));
}

function rate({ rows, ms }: Measured): number {
  return (rows / ms) * 1_000;
}

function word(measured: Measured): string {
  const seconds = (measured.ms / 1_000).toFixed(2);
  return `${Math.round(rate(measured)).toLocaleString("en")} rows/s (${seconds} s, of them ${(measured.cpuMs / 1_000).toFixed(2)} s on our processor, ${(measured.bytes / 1e6).toFixed(0)} MB)`;
}
