import { commandTypes } from "./domain/decide.ts";
import { type EffectKind, effectKinds } from "./domain/effect.ts";

/** Whatever is recorded by one statement: each command's transition, and what is no transition of a request. */
const recordedTypes = [
  ...commandTypes,
  /** A new request. */
  "file",
  /** An event that changes nothing else. */
  "event",
  /** Where the approval message stands in Slack. */
  "place",
  /** Overdue revocations are due now instead of after their wait. */
  "hasten",
  /** Access is overdue to end, or still is. */
  "overdue",
  /** Somebody's access that nobody gave here, or what became of it. */
  "finding",
  "lockdown",
  "lift",
  /** A policy comes into force. */
  "policy",
] as const;
export type RecordedType = (typeof recordedTypes)[number];

/**
 * A moment at which a crash must lose nothing: before and after each effect (claimed and not begun; carried out and
 * nobody told), before and after each commit, and while a provider has done what it was asked and has not shown it.
 */
export type CrashPoint =
  | `${"before" | "after"} ${EffectKind}`
  | `${"before" | "after"} commit of ${RecordedType}`
  | `between ${"grant" | "revoke"} and read-back`;

/** Every crash point there is. */
export const crashPoints: readonly CrashPoint[] = [
  ...effectKinds.flatMap((kind) => [`before ${kind}`, `after ${kind}`] as const),
  ...recordedTypes.flatMap((type) => [`before commit of ${type}`, `after commit of ${type}`] as const),
  "between grant and read-back",
  "between revoke and read-back",
];

let armed: CrashPoint | undefined;

/** Has this process die when it comes to that point; for tests only. */
export function armCrashPoint(point: CrashPoint): void {
  armed = point;
}

/** Nothing, unless a test armed this point: then the process is gone, as when the kernel or the power takes it. */
export function crashPoint(point: CrashPoint): void {
  if (armed === point) process.kill(process.pid, "SIGKILL");
}

/** Carries out the statement that records something, between its crash points; of all, where it records several. */
export async function committing<T>(
  types: RecordedType | ReadonlySet<RecordedType>,
  statement: () => PromiseLike<T>,
): Promise<T> {
  const all = typeof types === "string" ? [types] : types;
  for (const type of all) crashPoint(`before commit of ${type}`);
  const result = await statement();
  for (const type of all) crashPoint(`after commit of ${type}`);
  return result;
}
