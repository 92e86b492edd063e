import type { PlannedGrant } from "../../domain/request/request.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import { findSibling } from "../../persistence/requests/grants.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { apply } from "../apply.ts";
import { type CarryOutDeps, failureOf, type Outcome, settled } from "./carry-out.ts";
import { accessOfGrant } from "../../domain/request/request.ts";

/**
 * Checks whether the requester already holds the access in their own right, so that those who decide know. Tried once: if a
 * provider does not answer, they decide without knowing, and nobody waits.
 */
export async function carryOutHeldCheck(
  deps: CarryOutDeps,
  effect: ClaimedEffect<"check_held">,
): Promise<Outcome> {
  const read = await readState(deps.db, deps.clock, effect.requestId);
  if (!read) throw new Error(`effect ${effect.id} names a request that does not exist`);
  const { request } = read.state;
  if (request.status !== "pending") return { outcome: "done", note: `the request was ${request.status}` };
  const found = await Promise.all(
    request.planned.map(async (planned) =>
      (await isHeld(deps, request.id, planned)) ? [accessOfGrant(request, planned.grantId)] : [],
    ),
  );
  const access = found.flat();
  if (access.length === 0) return { outcome: "done" };
  const noted = await apply(deps, request.id, { type: "note_held", access }, () => ({
    effect,
    onlyWhileHeld: true,
    done: true,
  }));
  return noted.applied ? settled : { outcome: "done", note: noted.refusal };
}

async function isHeld(deps: CarryOutDeps, requestId: string, planned: PlannedGrant): Promise<boolean> {
  const { grantId, subject, target } = planned;
  const provider = deps.providers.get(planned.provider);
  if (!provider || subject === "") return false;
  try {
    const system = await provider.identity();
    const { subjectId, targetId, isHeld: isThere } = await provider.prepare(subject, target);
    const ids = { system, subjectId, targetId };
    const about = { id: grantId, provider: planned.provider, subject, target, ids };
    return isThere && (await findSibling(deps.db, about))?.isStanding !== false;
  } catch (error) {
    failureOf(deps, { requestId, grantId }, error);
    return false;
  }
}
