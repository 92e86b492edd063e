import { commandTypes } from "./domain/decide.ts";
import { type EffectKind, effectKinds } from "./domain/effect.ts";

/** Everything that one statement records: each command's transition, and what is not a transition of a request. */
const recordedTypes = [
  ...commandTypes,
  /** A new request. */
  "file",
  /** An event that changes nothing else. */
  "event",
  /** Where the approval message is in Slack. */
  "place",
  /** Overdue revocations are due now instead of after their wait. */
  "hasten",
  /** Access has become overdue, or still is. */
  "overdue",
  /** Access that nobody gave here, or what became of it. */
  "finding",
  "lockdown",
  "lift",
  /** A policy comes into force. */
  "policy",
] as const;
export type RecordedType = (typeof recordedTypes)[number];

/**
 * A moment at which a crash must lose nothing: before and after each effect (claimed but not begun; carried out but not
 * reported), before and after each commit, and after a provider has made a change but before it is read back.
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

/** Makes this process die when it reaches that point; for tests only. */
export function armCrashPoint(point: CrashPoint): void {
  armed = point;
}

/** Does nothing unless a test armed this point: then kills the process, as the kernel or a power failure would. */
export function crashPoint(point: CrashPoint): void {
  if (armed === point) process.kill(process.pid, "SIGKILL");
}

/** Runs a statement that records something between its crash points, or those of all types it records. */
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
