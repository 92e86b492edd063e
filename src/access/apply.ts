import type { AuditEvent } from "../domain/audit-event.ts";
import type { Command, CommandType } from "../domain/command.ts";
import { decide } from "../domain/decide.ts";
import type { State } from "../domain/state.ts";
import { countedApprovals } from "../domain/request/approvals.ts";
import type { Refusal } from "../domain/refusal.ts";
import { PeopleChanged } from "../identity/people.ts";
import { type Claim, holdsClaim } from "../persistence/effects/effects.ts";
import { readState, type Settlement, type Transition } from "../persistence/requests/requests.ts";
import { recordTransition } from "../persistence/requests/transitions.ts";
import type { RecordDeps } from "./deps.ts";

export type Applied =
  | {
      readonly applied: true;
      readonly state: State;
      readonly events: readonly AuditEvent[];
      readonly now: Date;
    }
  | { readonly applied: false; readonly refusal: Refusal; readonly state: State; readonly now: Date };

/** The claim has passed to another worker, which does what is left of the effect. */
export class ClaimLost extends Error {
  constructor({ id }: Claim) {
    super(`the claim on effect ${id} was lost`);
    this.name = "ClaimLost";
  }
}

/** How many races one transition may lose before something must be wrong. */
const maxRaces = 50;

/**
 * The only path by which a request or a grant changes: read it with its version (or take it from the cache), decide, and record
 * against that version. A lost race reads, calls `commandFor` and decides again. Throws if there is no such request, or the
 * database cannot be reached.
 *
 * `settles`: the effect whose outcome the command is, settled in the same statement. Throws `ClaimLost` if only the claim's holder
 * may record the command and somebody else has the claim.
 */
export async function apply(
  deps: RecordDeps,
  requestId: string,
  commandFor: Command | ((state: State, now: Date) => Command | Promise<Command>),
  settles?: (now: Date) => Settlement,
): Promise<Applied> {
  for (let race = 0; race < maxRaces; race += 1) {
    const remembered = race === 0 ? remember(deps, requestId) : undefined;
    const read = remembered ?? (await readRequest(deps, requestId));
    if (!read) throw new Error(`no request ${requestId}`);
    const { state, now } = read;
    const command = typeof commandFor === "function" ? await commandFor(state, now) : commandFor;
    const decision = decide(state, command, now);
    if (!decision.accepted) {
      // A refusal writes nothing that would show whether the cached request is stale, so read it.
      if (remembered) continue;
      deps.recent.set(state);
      return { applied: false, refusal: decision.refusal, state, now };
    }
    const settlement = settles?.(now);
    const transition = {
      next: decision.next,
      events: decision.events,
      effects: decision.effects,
      ...(settlement && { settles: settlement }),
      approvalsSeen: command.type === "approve" ? command.approvalsSeen : undefined,
      ...("isLockedDown" in command && { unlessLockedDown: restsOn(command, decision.next.request) }),
    };
    const recorded = await record(deps, state, transition, command.type).catch((error: unknown) => {
      if (!(error instanceof PeopleChanged)) throw error;
      deps.recent.delete(requestId);
      // The requester was merged or split, and reading again finds that. If it is a person's command, the caller has to identify them
      // again.
      if (isOfPerson(command) || race > 0) throw error;
      return undefined;
    });
    if (recorded) {
      deps.recent.set(recorded.state);
      deps.wake(recorded.effects, now);
      return { applied: true, state: decision.next, events: decision.events, now };
    }
    deps.recent.delete(requestId);
    if (settlement?.onlyWhileHeld && !(await holdsClaim(deps.db, settlement.effect)))
      throw new ClaimLost(settlement.effect);
  }
  throw new Error(`request ${requestId} changed ${maxRaces} times while one transition was being recorded`);
}

/** The people who must not be locked down when this is recorded. */
function restsOn(
  command: Extract<Command, { isLockedDown?: boolean }>,
  { requester, decisions }: State["request"],
): readonly number[] {
  return command.type === "approve"
    ? [requester.id, ...countedApprovals(decisions).map(({ person }) => person)]
    : [command.by.id];
}

function isOfPerson(command: Command): boolean {
  return "by" in command && typeof command.by === "object";
}

function record(
  { ends, db, clock }: RecordDeps,
  before: State,
  transition: Transition,
  command: CommandType,
): ReturnType<typeof recordTransition> {
  return ends
    ? ends.record(before, transition, command)
    : recordTransition(db, clock, before, transition, command);
}

/** Reads a request with its grants from the database. */
export function readRequest(deps: RecordDeps, requestId: string): ReturnType<typeof readState> {
  return deps.ends ? deps.ends.read(requestId) : readState(deps.db, deps.clock, requestId);
}

/** The cached request, with an estimate of the time; saves a read that would mostly find the same. */
function remember(
  deps: RecordDeps,
  requestId: string,
): { readonly state: State; readonly now: Date } | undefined {
  const state = deps.recent.get(requestId);
  const now = deps.clock.estimate();
  return state && now && { state, now };
}
