import type { Grant } from "../../domain/grant/grant.ts";
import { requestName } from "../../domain/request/request.ts";
import { noteAttempt } from "../../persistence/effects/effects.ts";
import { findKeeper, type Keeper } from "../../persistence/requests/grants.ts";
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
 * If another live grant of the same person (the keeper) gives the same access, ends this one without revoking; the keeper's own end
 * will. `undefined` if there is no keeper.
 *
 * `mayBeGone`: this revocation may have taken the access away already, in this attempt or in one whose worker died. Then it is read
 * back, and granted again if it is missing, before this grant counts as ended: until then the effect is owed, whoever dies. If the
 * keeper ends meanwhile, the next attempt finds none, and revokes what was granted again.
 */
export async function leaveToKeeper(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  mayBeGone: boolean,
): Promise<Outcome | undefined> {
  const keeper = await (deps.ends?.keeperOf(grant) ?? findKeeper(deps.db, deps.clock, grant));
  if (!keeper) return undefined;
  // Wait for a keeper that is still being granted: it might mistake our access for the person's own, or have read its access back
  // before we take it away, and record it afterwards.
  if (keeper.status === "granting")
    return again(`${requestName(keeper)} is not settled yet`, { untouched: !mayBeGone });
  // A keeper asked for before this end began was not touched by it. If somebody else took its access away, it stays taken.
  if (mayBeGone && !keeper.isVanished && cameAbout(keeper) >= effect.startedAt) {
    const restoring = await restoreIfGone(deps, effect, keeper);
    if (restoring) return restoring;
  }
  // This grant was asked for but never became active, so nobody has what was handed over for it.
  if (!grant.activeAt) await renewHandover(deps, effect, keeper);
  return settle(deps, effect, {
    type: "revoke_succeeded",
    grantId: grant.id,
    keptBy: requestName(keeper),
  });
}

/** Asking for this grant may have replaced what the keeper was handed. */
async function renewHandover(deps: CarryOutDeps, effect: GrantEffect, keeper: Keeper): Promise<void> {
  const [read, own] = await Promise.all([
    readRequest(deps, keeper.requestId),
    readRequest(deps, effect.requestId),
  ]);
  const kept = read?.state.grants.find(({ id }) => id === keeper.grantId);
  if (!own || !read || !kept || keeper.isVanished) return;
  const because = requestName(own.state.request);
  await handOverAnew(deps, kept, { because, since: effect.now, request: read.state.request });
}

/** When the keeper was asked for. Unknown for a grant from before that was recorded: it may have been just now. */
function cameAbout({ askedAt }: Keeper): Date {
  return askedAt ?? new Date(8.64e15);
}

function again(error: string, { untouched } = { untouched: false }): Outcome {
  return { outcome: "again", seconds: pauseSeconds, error, untouched };
}

/**
 * Grants a keeper's access again if it was taken away. `undefined` if it is there; otherwise this attempt ends here, and the next
 * one goes on.
 */
async function restoreIfGone(
  deps: CarryOutDeps,
  effect: GrantEffect,
  keeper: Keeper,
): Promise<Outcome | undefined> {
  const [read, own] = await Promise.all([
    readRequest(deps, keeper.requestId),
    readRequest(deps, effect.requestId),
  ]);
  const kept = read?.state.grants.find(({ id }) => id === keeper.grantId);
  if (!own || !read || kept?.status !== "active" || !kept.expiresAt)
    return again("the other grant has moved on");
  const held = await readBack(deps, effect, kept);
  const note = `giving ${requestName(keeper)} again what this end took from it`;
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
      keeper.requestId,
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
