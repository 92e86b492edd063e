import { type Plan, runHistories } from "./run.ts";

/** What a run has to have come through, or it has tried nothing. */
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

/** Runs a third of the histories of `npm test`, in a file of its own, for Jest runs files side by side. What does not hold, if anything. */
export async function faultOfHundred(of: Pick<Plan, "seed" | "queues">): Promise<string | undefined> {
  const { ran, failure, recorded } = await runHistories({ ...of, histories: 100, shrinkMs: 20_000 });
  if (failure !== undefined) return failure;
  if (ran !== 100) return `100 histories should have run, ${ran} did`;
  const missing = wanted.filter((type) => !recorded.has(type));
  return missing.length === 0 ? undefined : `never recorded: ${missing.join(", ")}`;
}
