import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type Plan, runHistories } from "./run.ts";

/** What a hundred have to have come through, or they have tried nothing. */
const wanted = [
  "approval.discounted",
  "approval.given",
  "break_glass.used",
  "decision.refused",
  "grant.active",
  "grant.extended",
  "grant.failed",
  "grant.revoked",
  "lockdown.begun",
  "person.joined",
  "request.cancelled",
  "request.denied",
  "request.expired",
  "revocation.failed",
];

/** For Jest; as long as it may take, in milliseconds. */
export const patienceMs = 1_200_000;

type Some = Pick<Plan, "seed" | "queues" | "histories">;

/** The same in a process of its own: BullMQ's workers of the dead wait for their Redis for ever. */
export async function faultOfHistoriesOnRedis(plan: Omit<Some, "queues">): Promise<string | undefined> {
  const scripts = ["../support/run-typescript.js", "say-fault.ts"].map((name) =>
    join(import.meta.dirname, name),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    ...scripts,
    JSON.stringify({ ...plan, queues: "Redis" } satisfies Some),
  ]);
  return z.object({ fault: z.string().optional() }).parse(JSON.parse(stdout)).fault;
}

/** What does not hold of so many histories, if anything. */
export async function faultOfHistories(plan: Some): Promise<string | undefined> {
  const { ran, failure, recorded } = await runHistories({ ...plan, shrinkMs: 20_000 });
  if (failure !== undefined) return failure;
  if (ran !== plan.histories) return `${plan.histories} histories should have run, ${ran} did`;
  if (ran < 100) return undefined;
  const missing = wanted.filter((type) => !recorded.has(type));
  return missing.length === 0 ? undefined : `never recorded: ${missing.join(", ")}`;
}
