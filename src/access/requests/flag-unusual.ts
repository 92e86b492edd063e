import { anomaliesOf, requestFlag } from "../../domain/request/anomalies.ts";
import { type ApprovalFlag, approvalFlagsOf } from "../../domain/request/approval-anomalies.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { readApprovalPast } from "../../persistence/requests/approval-past.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { readOwnPast } from "../../persistence/requests/own-past.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { wallClock } from "../../policy/hours.ts";
import type { Policy } from "../../policy/policy.ts";
import { apply } from "../apply.ts";
import type { RecordDeps } from "../deps.ts";

export type FlagDeps = RecordDeps & { readonly policy: () => Policy };

/**
 * Stores and records what is unusual about a request compared with its requester's earlier ones; does nothing if nothing is, or if
 * it has been done. Runs before the approval message is made, so that the message shows it from the first.
 */
export async function flagRequest(deps: FlagDeps, requestId: string): Promise<void> {
  const { timezone } = deps.policy().settings;
  const read = await readOwnPast(deps.db, requestId, (at) => wallClock(at, timezone).minute);
  if (!read) return;
  const flags = anomaliesOf(read.asked, read.past).map(requestFlag);
  // Refused if another process has done it at the same moment.
  if (flags.length > 0) await apply(deps, requestId, { type: "note_flags", flags });
}

/** Records, once, what is unusual about an approval; done afterwards, because nobody knows beforehand who will approve. */
export async function flagApproval(
  deps: Pick<RecordDeps, "db" | "clock">,
  requestId: string,
  { at, actor }: AuditEvent,
): Promise<readonly ApprovalFlag[]> {
  const approver = actor.kind === "person" ? actor.id : undefined;
  const read = approver === undefined ? undefined : await readState(deps.db, deps.clock, requestId);
  if (!read || approver === undefined) return [];
  const { request } = read.state;
  // Break-glass has no approval.
  const decision = request.decisions.findIndex(
    ({ verdict, person }) => verdict === "approve" && person === approver,
  );
  const email = request.decisions[decision]?.email;
  if (email === undefined) return [];
  const flags = approvalFlagsOf(await readApprovalPast(deps.db, request, { approver, at }));
  if (flags.length === 0) return [];
  await recordEvent(
    deps.db,
    {
      type: "approval.flagged",
      at: read.now,
      actor: { kind: "hallpass" },
      data: { approver: email, decision, flags: [...flags] },
    },
    { request, dedupeKey: `approval.flagged ${requestId} ${decision}` },
  );
  return flags;
}
