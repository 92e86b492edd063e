import type { AuditEvent } from "../audit-event.ts";
import { takeAtOnce } from "./break-glass.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import type { AccessRequest } from "./request.ts";
import { actorOf, later } from "./consequences.ts";
import { approval } from "./transitions.ts";

/**
 * Files a request by its verdict: `allow` is approved or taken at once, `review` waits for people, `refuse` is stored as refused.
 * `respondBy` is given for `review` only.
 */
export function file(request: Omit<AccessRequest, "status" | "decisions" | "closedAt">): {
  readonly next: State;
  readonly events: readonly AuditEvent[];
  readonly effects: readonly Effect[];
} {
  const now = request.createdAt;
  const asked = {
    durationSeconds: request.durationSeconds,
    reason: request.reason,
    source: request.source,
    ...(request.ticket === undefined ? {} : { ticket: request.ticket }),
  };
  const actor = actorOf(request.requester);
  switch (request.terms.verdict) {
    case "refuse": {
      const why = request.terms.refusal ?? "no rule allows it";
      const refused: AuditEvent = { type: "request.refused", at: now, actor, data: { ...asked, why } };
      const mend: readonly Effect[] =
        request.terms.isMendable === true ? [{ kind: "tell_alerts", dueAt: now, event: refused }] : [];
      return {
        next: { request: { ...request, status: "refused", decisions: [], closedAt: now }, grants: [] },
        events: [refused],
        effects: mend,
      };
    }
    case "review": {
      const created: AuditEvent = { type: "request.created", at: now, actor, data: asked };
      const effects: Effect[] = [
        { kind: "post_request", dueAt: now },
        { kind: "tell_requester", dueAt: now, event: created },
      ];
      if (request.planned.length > 0) effects.push({ kind: "check_held", dueAt: now });
      if (request.respondBy) effects.push({ kind: "expire_request", dueAt: request.respondBy });
      const { remindEverySeconds, escalate } = request.terms;
      if (remindEverySeconds !== undefined)
        effects.push({ kind: "remind_request", dueAt: later(now, remindEverySeconds) });
      if (escalate) effects.push({ kind: "escalate_request", dueAt: later(now, escalate.afterSeconds) });
      return {
        next: { request: { ...request, status: "pending", decisions: [] }, grants: [] },
        events: [created],
        effects,
      };
    }
    case "allow": {
      const created: AuditEvent = { type: "request.created", at: now, actor, data: asked };
      const filed: AccessRequest = { ...request, status: "pending", decisions: [] };
      const { breakGlass } = request.terms;
      const opened = breakGlass ? takeAtOnce(filed, breakGlass) : approval(filed, { kind: "policy" }, now);
      return {
        next: opened.next,
        events: [created, ...opened.events],
        effects: [{ kind: "post_request", dueAt: now }, ...opened.effects],
      };
    }
  }
}
