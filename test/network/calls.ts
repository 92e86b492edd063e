import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

export type Kind = z.infer<typeof Kind>;
/** All the kinds of calls by HTTP there are. */
export const Kind = z.enum([
  "slack",
  "pagerduty",
  "opsgenie",
  "webhook",
  "splunk",
  "elasticsearch",
  "s3",
  "provider",
]);
export const kinds = Kind.options;

const Outcomes = z.array(z.object({ kind: Kind, outcome: z.string(), ms: z.number() }));
type Outcome = z.infer<typeof Outcomes>[number];

const run = promisify(execFile);
const inTree = (path: string): string => join(import.meta.dirname, path);

/**
 * Makes calls of these kinds to these origins as Hallpass does, in a process that has this environment and nothing of ours:
 * Node reads NODE_EXTRA_CA_CERTS when it starts.
 */
export async function makeCalls(
  origins: Readonly<Partial<Record<Kind, string>>>,
  env: Readonly<Record<string, string>>,
): Promise<readonly Outcome[]> {
  const script = [inTree("../support/run-typescript.js"), inTree("make-calls.ts")] as const;
  const words = Object.entries(origins).map(([kind, origin]) => `${kind}=${origin}`);
  const { stdout } = await run(process.execPath, ["--import", script[0], script[1], ...words], {
    env: { PATH: process.env["PATH"], ...env },
    timeout: 60_000,
  });
  return Outcomes.parse(JSON.parse(stdout));
}
