import type { Grant } from "../../domain/grant/grant.ts";
import { requestName } from "../../domain/request/request.ts";
import { noteAttempt } from "../../persistence/effects/effects.ts";
import { findOverlapping, type Overlapping } from "../../persistence/requests/grants.ts";
import { apply, ClaimLost, readRequest } from "../apply.ts";
import {
  type CarryOutDeps,
  failureOf,
  give,
  handOverAnew,
  type GrantEffect,
  type Outcome,
  reach,
  readBack,
  settle,
  settled,
} from "./carry-out.ts";

/** Pause until another grant of the same access is settled. */
const pauseSeconds = 1;

/**
 * If another live grant of the same person gives the same access (it overlaps), ends this one without revoking; the other's own end
 * will. `undefined` if there is none.
 *
 * `mayBeGone`: this revocation may have taken the access away already, in this attempt or in one whose worker died. Then it is read
 * back, and granted again if it is missing, before this grant counts as ended: until then the effect is owed, whoever dies. If the
 * other ends meanwhile, the next attempt finds none, and revokes what was granted again.
 */
export async function leaveToOverlapping(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  mayBeGone: boolean,
): Promise<Outcome | undefined> {
  const other = await (deps.ends?.overlappingOf(grant) ?? findOverlapping(deps.db, deps.clock, grant));
  if (!other) return undefined;
  // Wait for one that is still being granted: it might mistake our access for the person's own, or have read its access back
  // before we take it away, and record it afterwards.
  if (other.status === "granting")
    return again(`${requestName(other)} is not settled yet`, { untouched: !mayBeGone });
  // One asked for before this end began was not touched by it. If somebody else took its access away, it stays taken.
  if (mayBeGone && !other.isVanished && cameAbout(other) >= effect.startedAt) {
    const restoring = await restoreIfGone(deps, effect, other);
    if (restoring) return restoring;
  }
  // This grant was asked for but never became active, so nobody has what was handed over for it.
  if (!grant.activeAt) await renewHandover(deps, effect, other);
  return settle(deps, effect, {
    type: "revoke_succeeded",
    grantId: grant.id,
    keptBy: requestName(other),
  });
}

/** Asking for this grant may have replaced what the other was handed. */
async function renewHandover(deps: CarryOutDeps, effect: GrantEffect, other: Overlapping): Promise<void> {
  const [read, own] = await Promise.all([
    readRequest(deps, other.requestId),
    readRequest(deps, effect.requestId),
  ]);
  const kept = read?.state.grants.find(({ id }) => id === other.grantId);
  if (!own || !read || !kept || other.isVanished) return;
  const because = requestName(own.state.request);
  await handOverAnew(deps, kept, { because, since: effect.now, request: read.state.request });
}

/** When the other was asked for. Unknown for a grant from before that was recorded: it may have been just now. */
function cameAbout({ askedAt }: Overlapping): Date {
  return askedAt ?? new Date(8.64e15);
}

function again(error: string, { untouched } = { untouched: false }): Outcome {
  return { outcome: "again", seconds: pauseSeconds, error, untouched };
}

/**
 * Grants the other's access again if it was taken away. `undefined` if it is there; otherwise this attempt ends here, and the next
 * one goes on.
 */
async function restoreIfGone(
  deps: CarryOutDeps,
  effect: GrantEffect,
  other: Overlapping,
): Promise<Outcome | undefined> {
  const [read, own] = await Promise.all([
    readRequest(deps, other.requestId),
    readRequest(deps, effect.requestId),
  ]);
  const kept = read?.state.grants.find(({ id }) => id === other.grantId);
  if (!own || !read || kept?.status !== "active" || !kept.expiresAt)
    return again("the other grant has moved on");
  const held = await readBack(deps, effect, kept);
  const note = `giving ${requestName(other)} again what this end took from it`;
  // The attempt that wrote the note may have granted it without hearing so, or died: granting again is idempotent.
  if (held === true && effect.lastError?.startsWith(note) !== true) return undefined;
  if (typeof held !== "boolean") return again(held.failure);
  try {
    await noteAttempt(deps.db, effect, note);
    const provider = await reach(deps, kept);
    const terms = { until: kept.expiresAt, since: effect.now, request: read.state.request };
    const given = await give(deps, provider, kept, terms);
    // Recorded in the statement that also replaces the note, so that it is reported once.
    const restored = await apply(
      deps,
      other.requestId,
      { type: "restore", grantId: kept.id, ...given, endOf: requestName(own.state.request) },
      (now) => ({
        effect,
        onlyWhileHeld: true,
        done: false,
        retryAt: now,
        error: "the other grant has it again",
      }),
    );
    if (!restored.applied) return again("the other grant has ended meanwhile");
    deps.wake([{ id: effect.id, queue: "revocations", dueAt: restored.now }], restored.now);
    return settled;
  } catch (error) {
    if (error instanceof ClaimLost) throw error;
    return again(`${note}: ${failureOf(deps, effect, error).failure}`);
  }
}
