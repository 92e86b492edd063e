import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const Measured = z.object({
  rows: z.number(),
  ms: z.number(),
  /** Processor time of the process that reads, its start left out. */
  cpuMs: z.number(),
  bytes: z.number(),
  rssMb: z.number(),
});
export type Measured = z.infer<typeof Measured>;

const root = fileURLToPath(new URL("../../", import.meta.url));

const begin = "const started = performance.now(); const cpu = process.cpuUsage();";

const report = `const ms = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ rows, ms, cpuMs: (user + system) / 1000, bytes, rssMb: maxRSS / 1024 }));`;

/** Exports everything, in a process of its own so that its memory can be told. */
export function exportOnce(databaseUrl: string, format: "csv" | "jsonl"): Promise<Measured> {
  return measure(`import { exportAudit } from "${root}dist/cli/export.js";
${begin}
const exported = exportAudit({ databaseUrl: ${JSON.stringify(databaseUrl)} }, { format: "${format}" });
let bytes = 0;
for await (const chunk of exported.stream) bytes += chunk.length;
const rows = exported.rows();
${report}`);
}

/** The floor: PostgreSQL's own COPY, read and thrown away. */
export function copyOnce(databaseUrl: string, sql: string): Promise<Measured> {
  return measure(`import pg from "pg";
import { to } from "pg-copy-streams";
${begin}
const client = new pg.Client({ connectionString: ${JSON.stringify(databaseUrl)} });
await client.connect();
const copy = client.query(to(${JSON.stringify(sql)}));
let bytes = 0;
for await (const chunk of copy) bytes += chunk.length;
await client.end();
const rows = copy.rowCount;
${report}`);
}

async function measure(script: string): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: root,
  });
  return Measured.parse(JSON.parse(stdout));
}
