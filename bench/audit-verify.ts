// `npm run bench:audit`: how long it takes to verify the audit's chain, beside bare canonical JSON and SHA-256; and to answer
// questions about so large an audit.
import { generateKeyPairSync, hash } from "node:crypto";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { canonicalize } from "json-canonicalize";
import { pino } from "pino";
import { Client } from "pg";
import { startSealer } from "../src/audit/chain/seal.ts";
import { signingKeyFrom } from "../src/audit/chain/signing-key.ts";
import type * as verifying from "../src/audit/verify/verify.ts";
import { openDatabase } from "../src/persistence/database/database.ts";
import { fillAuditLog } from "./support/audit-log.ts";
import { askAll } from "./support/audit-questions.ts";
import { createStorage } from "./support/storage.ts";

const { values: options } = parseArgs({
  options: { events: { type: "string", default: "1000000" }, rounds: { type: "string", default: "3" } },
});
// As it is built: threads are Node's own, which knows no TypeScript.
const built = new URL("../dist/cli/verify.js", import.meta.url).href;
const { verifyChain }: typeof verifying = await import(built);
const events = Number(options.events);
const goalSeconds = 10;

const storage = await createStorage(process.env["BENCH_POSTGRES"] ?? process.env["DATABASE_URL"]);
try {
  await benchmark();
} finally {
  await storage.close();
}

async function benchmark(): Promise<void> {
  // One that is migrated and that nobody else uses in this run.
  const { url } = storage.floor;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await verifyIn(client, url);
  } finally {
    await client.end();
  }
  await askAll(url);
}

async function verifyIn(client: Client, url: string): Promise<void> {
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}; ${events.toLocaleString("en")} events\n` +
      `floor: canonical JSON (RFC 8785) and SHA-256 of the same events, in memory already, no database\n` +
      `goal: a million events verified within ${goalSeconds} s\n`,
  );
  report("filled", await spent(() => fillAuditLog(client, events)));
  const database = openDatabase(url, { poolSize: 1 });
  const sealer = startSealer({ db: database.prisma, log: pino({ level: "silent" }) });
  report("sealed", await spent(() => sealer.seal()));
  await sealer.stop();
  await database.close();
  await client.query("vacuum analyze audit_events, audit_chain");
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const keys = [signingKeyFrom(pem, "bench").publicKey];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const took = await spent(async () => {
      const { faults, verified } = await verifyChain({ databaseUrl: url }, { keys });
      if (faults.length > 0 || verified !== events)
        throw new Error(`verified ${verified}: ${faults.join("\n")}`);
    });
    report("verified", took);
    report("  floor", await floor(client));
  }
  console.log(
    `memory at its highest: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB, floor included`,
  );
}

/** `cpu`: this process's part of it. */
type Spent = { readonly seconds: number; readonly cpu: number };

/** Of a part of the events, which fit into memory, counted up to all. */
async function floor(client: Client): Promise<Spent> {
  const { rows } = await client.query<object>("select * from audit_events order by seq limit 50000");
  let previous = "";
  const took = await spent(() => {
    for (const row of rows) previous = hash("sha256", previous + canonicalize(row), "hex");
  });
  const times = events / rows.length;
  return { seconds: took.seconds * times, cpu: took.cpu * times };
}

async function spent(work: () => unknown): Promise<Spent> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1_000, cpu: (user + system) / 1e6 };
}

function report(what: string, { seconds, cpu }: Spent): void {
  const rate = Math.round(events / seconds).toLocaleString("en");
  console.log(
    `${what.padEnd(10)} ${seconds.toFixed(2).padStart(7)} s  ${rate.padStart(9)} events/s  ${cpu.toFixed(2).padStart(7)} s on our processor`,
  );
}
