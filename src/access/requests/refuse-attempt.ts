import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Person } from "../../domain/person.ts";
import { type Refusal, refusalText } from "../../domain/refusal.ts";
import { actorOf } from "../../domain/request/consequences.ts";
import type { State } from "../../domain/state.ts";
import { recordEvent } from "../../persistence/audit.ts";
import type { PolicyDeps } from "../deps.ts";

/** Why somebody may not do what they attempted, and the request it was about. */
export type Refused = { readonly refusal: Refusal; readonly state: State };

/** Records that somebody attempted what they may not do, once per click; nothing else changes. */
export async function refuseAttempt(
  { db }: Pick<PolicyDeps, "db">,
  { refusal, state, now }: Refused & { readonly now: Date },
  {
    by,
    attempted,
    key,
  }: {
    readonly by: Person;
    readonly attempted: "approve" | "deny" | "start" | "review" | "extend" | "end" | "cancel" | "show";
    readonly key: string;
  },
): Promise<Refused> {
  const event: AuditEvent = {
    type: "decision.refused",
    at: now,
    actor: actorOf(by),
    data: { attempted, why: refusalText[refusal] },
  };
  await recordEvent(db, event, { request: state.request, dedupeKey: `refused ${key}` });
  return { refusal, state };
}
