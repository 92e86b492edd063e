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

/** What does not hold of so many histories, if anything. */
export async function faultOfHistories(
  plan: Pick<Plan, "seed" | "queues" | "histories">,
): Promise<string | undefined> {
  const { ran, failure, recorded } = await runHistories({ ...plan, shrinkMs: 20_000 });
  if (failure !== undefined) return failure;
  if (ran !== plan.histories) return `${plan.histories} histories should have run, ${ran} did`;
  if (ran < 100) return undefined;
  const missing = wanted.filter((type) => !recorded.has(type));
  return missing.length === 0 ? undefined : `never recorded: ${missing.join(", ")}`;
}
