import type { Grant } from "../domain/grant.ts";
import { requestName } from "../domain/request.ts";
import { noteAttempt } from "../persistence/effects.ts";
import { findKeeper, type Keeper } from "../persistence/grants.ts";
import { apply, ClaimLost, readRequest } from "./apply.ts";
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

/** Until another grant of the same is settled. */
const pauseSeconds = 1;

/**
 * What another live grant of the same person still gives is not taken away; that grant's own end takes it. `undefined` when
 * there is no such grant.
 *
 * `mayBeGone`: this revocation may have taken it away already, in this attempt or in one whose maker died. Then it is read
 * back, and given again where it is missing, before this grant counts as ended: until then it is owed, whoever dies. If the
 * other grant ends meanwhile, the next attempt finds no keeper and takes away what was given again.
 */
export async function leaveToKeeper(
  deps: CarryOutDeps,
  effect: GrantEffect,
  grant: Grant,
  mayBeGone: boolean,
): Promise<Outcome | undefined> {
  const keeper = await (deps.ends?.keeperOf(grant) ?? findKeeper(deps.db, deps.clock, grant));
  if (!keeper) return undefined;
  // One that is being granted may look for what the person holds after this grant has ended, and take it for a right of their own;
  // or has read its access back before it was taken away, and records it after.
  if (keeper.status === "granting")
    return again(`${requestName(keeper)} is not settled yet`, { untouched: !mayBeGone });
  // One that was there when this end began was left alone by it; what somebody else took away from one stays taken.
  if (mayBeGone && !keeper.isVanished && cameAbout(keeper) >= effect.startedAt) {
    const restoring = await restoreIfGone(deps, effect, keeper);
    if (restoring) return restoring;
  }
  // It was asked for and never counted as given: whatever it was handed nobody has.
  if (!grant.activeAt) await renewHandover(deps, effect, keeper);
  return settle(deps, effect, {
    type: "revoke_succeeded",
    grantId: grant.id,
    keptBy: requestName(keeper),
  });
}

/** That it was asked for may have put something else in the place of what the other grant was handed. */
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

/** When it was asked for; of one of before that is not known, and it may have been just now. */
function cameAbout({ askedAt }: Keeper): Date {
  return askedAt ?? new Date(8.64e15);
}

function again(error: string, { untouched } = { untouched: false }): Outcome {
  return { outcome: "again", seconds: pauseSeconds, error, untouched };
}

/**
 * Gives a live grant again what was taken away from it. `undefined` when it has it; else this attempt ends here, and the
 * next one goes on.
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
  // Whoever wrote the note may have given it and not heard so, or died: to give it twice does no harm.
  if (held === true && effect.lastError?.startsWith(note) !== true) return undefined;
  if (typeof held !== "boolean") return again(held.failure);
  try {
    await noteAttempt(deps.db, effect, note);
    const provider = await reach(deps, kept);
    const terms = { until: kept.expiresAt, since: effect.now, request: read.state.request };
    const given = await give(deps, provider, kept, terms);
    // Recorded together with the note's end, so that it is said once.
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
