import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";

/** Stores what is unusual about a request, once, whatever the request's status is by then. */
export function noteFlags(state: State, { flags }: CommandOf<"note_flags">, now: Date): Decision {
  if (state.request.flags) return { accepted: false, refusal: "repeated" };
  const event: AuditEvent = {
    type: "request.flagged",
    at: now,
    actor: { kind: "hallpass" },
    data: { flags: [...flags] },
  };
  return {
    accepted: true,
    next: { ...state, request: { ...state.request, flags } },
    events: [event],
    effects: [],
  };
}
