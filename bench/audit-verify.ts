// `npm run bench:audit`: how long it takes to verify the audit's chain, beside bare canonical JSON and SHA-256.
import { generateKeyPairSync, hash } from "node:crypto";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { canonicalize } from "json-canonicalize";
import { pino } from "pino";
import { Client } from "pg";
import { startSealer } from "../src/audit/seal.ts";
import { signingKeyFrom } from "../src/audit/signing-key.ts";
import { verifyChain } from "../src/audit/verify.ts";
import { openDatabase } from "../src/persistence/database.ts";
import { insertEvents } from "./support/audit-events.ts";
import { createStorage } from "./support/storage.ts";

const { values: options } = parseArgs({
  options: { events: { type: "string", default: "1000000" }, rounds: { type: "string", default: "3" } },
});
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
  await insertEvents(client, events);
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}; ${events.toLocaleString("en")} events\n` +
      `floor: canonical JSON (RFC 8785) and SHA-256 of the same events, in memory already, no database\n` +
      `goal: a million events verified within ${goalSeconds} s\n`,
  );
  const database = openDatabase(url, { poolSize: 1 });
  const sealer = startSealer({ db: database.prisma, log: pino({ level: "silent" }) });
  report("sealed", await seconds(() => sealer.seal()));
  await sealer.stop();
  await database.close();
  await client.query("vacuum analyze audit_events, audit_chain");
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const keys = [signingKeyFrom(pem, "bench").publicKey];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const took = await seconds(async () => {
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
  await client.end();
}

/** Of a part of the events, which fit into memory, counted up to all. */
async function floor(client: Client): Promise<number> {
  const { rows } = await client.query<object>("select * from audit_events order by seq limit 50000");
  let previous = "";
  const started = performance.now();
  for (const row of rows) previous = hash("sha256", previous + canonicalize(row), "hex");
  return ((performance.now() - started) / 1000) * (events / rows.length);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function report(what: string, took: number): void {
  console.log(
    `${what.padEnd(10)} ${took.toFixed(2).padStart(7)} s  ${Math.round(events / took)
      .toLocaleString("en")
      .padStart(9)} events/s`,
  );
}
