import { comeBack, takeBack, vanish } from "./drift/transitions.ts";
import { extend, extensionFailed } from "./request/extension.ts";
import { noteFlags } from "./request/flag-request.ts";
import { grantFailed, grantSucceeded, revoke, revokeFailed, revokeSucceeded } from "./grant/transitions.ts";
import { handOver, showHandover } from "./grant/handover.ts";
import { grantUnsettled, noteAsked, noteUse, restore } from "./grant/upkeep.ts";
import { checkReview, review } from "./request/break-glass.ts";
import { discount } from "./request/discount.ts";
import { abandon, escalate, expire, lapse, remind } from "./request/deadlines.ts";
import { approve, cancel, deny, noteHeld, start } from "./request/transitions.ts";
import type { Command, CommandOf, CommandType, Decision } from "./command.ts";
import type { State } from "./state.ts";

/** The pure transition for each command; nothing changes a request or a grant except through these. */
const transitions: {
  readonly [Type in CommandType]: (state: State, command: CommandOf<Type>, now: Date) => Decision;
} = {
  approve,
  deny,
  cancel,
  abandon,
  discount,
  expire: (state, _command, now) => expire(state, now),
  remind: (state, _command, now) => remind(state, now),
  escalate: (state, _command, now) => escalate(state, now),
  start,
  lapse: (state, _command, now) => lapse(state, now),
  review,
  check_review: (state, _command, now) => checkReview(state, now),
  grant_succeeded: grantSucceeded,
  grant_failed: grantFailed,
  note_asked: noteAsked,
  grant_unsettled: grantUnsettled,
  restore,
  note_held: noteHeld,
  note_flags: noteFlags,
  extend,
  show_handover: showHandover,
  hand_over: handOver,
  extension_failed: extensionFailed,
  note_use: noteUse,
  take_back: takeBack,
  vanish,
  come_back: comeBack,
  revoke,
  revoke_succeeded: revokeSucceeded,
  revoke_failed: revokeFailed,
};

/** Every command type, for iterating. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- An object made here has no other keys.
export const commandTypes = Object.keys(transitions) as readonly CommandType[];

/** The only place where a state changes: returns the next state, the events that record it and the effects it owes, or a refusal. */
export function decide(state: State, command: Command, now: Date): Decision {
  // The transition of this type; the compiler loses the pairing.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const transition = transitions[command.type] as (state: State, command: Command, now: Date) => Decision;
  return transition(state, command, now);
}
