import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Finding, FindingOutcome } from "../../domain/drift/drift.ts";
import {
  changeFinding,
  type FindingAbout,
  openFinding,
  type Removal,
} from "../../persistence/drift/findings.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import type { RecordDeps } from "../deps.ts";

type UnknownEvent = Extract<
  AuditEvent["type"],
  "drift.found" | "drift.adopted" | "drift.removed" | "drift.removal_failed" | "drift.gone"
>;
type Change = Pick<Finding, "kind" | "outcome" | "detail"> & {
  readonly isResolved?: boolean;
  readonly removal?: Removal;
};
type Words = {
  readonly type: UnknownEvent;
  readonly error?: string;
  readonly outcome?: string;
  readonly why?: string;
};

/** Stores what becomes of somebody's unknown access together with its event, in one statement each. */
export type Recorder = {
  /** Stores a new finding, or a change of one. False after a lost race. */
  note(finding: Finding | undefined, change: Change, words?: Words): Promise<boolean>;
  /** Records that it was found and is not ignored, once. `undefined` after a lost race. */
  found(finding: Finding | undefined, outcome: FindingOutcome, why?: string): Promise<Finding | undefined>;
  /** Records that it was removed, and read back as gone. False after a lost race. */
  removed(finding: Finding): Promise<boolean>;
};

/** Creates a recorder for one subject and target. */
export function recorderOf({ db, clock }: Pick<RecordDeps, "db" | "clock">, about: FindingAbout): Recorder {
  const eventOf = async (words: Words | undefined): Promise<AuditEvent | undefined> => {
    if (!words) return undefined;
    const { type, ...data } = words;
    const { provider, subject, target, access, people } = about;
    const said = { provider, subject, target, access: [...access], people: [...people], ...data };
    // Callers narrow the words together with their type; spreading loses that.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return { type, at: await readNow(db, clock), actor: { kind: "hallpass" }, data: said } as AuditEvent;
  };
  const recorder: Recorder = {
    async note(finding, change, words) {
      const event = await eventOf(words);
      return finding
        ? changeFinding(db, clock, about, finding, change, event)
        : (await openFinding(db, clock, about, change, event)) !== undefined;
    },
    async found(finding, outcome, why) {
      const change = { kind: "unknown", outcome, ...(why !== undefined && { detail: why }) } as const;
      const words = { type: "drift.found", outcome, ...(why !== undefined && { why }) } as const;
      if (!finding) {
        const id = await openFinding(db, clock, about, change, await eventOf(words));
        return id === undefined ? undefined : { id, subject: about.subject, ...change };
      }
      // An ignored finding counts as new.
      const isNew = finding.outcome === "ignored";
      if (finding.outcome === outcome && finding.detail === why) return finding;
      const changed = await recorder.note(finding, change, isNew ? words : undefined);
      return changed ? { ...finding, ...change } : undefined;
    },
    removed: (finding) =>
      recorder.note(
        finding,
        { kind: "unknown", outcome: "removed", isResolved: true },
        { type: "drift.removed" },
      ),
  };
  return recorder;
}
