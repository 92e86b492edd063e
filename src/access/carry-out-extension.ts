import { refusalText } from "../domain/refusal.ts";
import { requestName } from "../domain/request.ts";
import type { ClaimedEffect } from "../persistence/effects.ts";
import { readState } from "../persistence/requests.ts";
import { apply } from "./apply.ts";
import { type Outcome, settled } from "./carry-out.ts";
import type { RecordDeps } from "./deps.ts";

/** Has the access of another request last longer; once, for the effect is settled in the statement that records it. */
export async function carryOutExtension(
  deps: RecordDeps,
  effect: Extract<ClaimedEffect, { kind: "extend_access" }>,
): Promise<Outcome> {
  const read = await readState(deps.db, deps.clock, effect.requestId);
  const request = read?.state.request;
  if (!request?.terms.extends) throw new Error(`effect ${effect.id} extends nothing`);
  const settle = (): { readonly effectId: string; readonly done: true } => ({
    effectId: effect.id,
    done: true,
  });
  const extended = await apply(
    deps,
    request.terms.extends.requestId,
    { type: "extend", seconds: request.durationSeconds, by: requestName(request) },
    settle,
  );
  if (extended.applied) return settled;
  const why = refusalText[extended.refusal];
  const told = await apply(deps, request.id, { type: "extension_failed", why }, settle);
  return told.applied ? settled : { outcome: "done", note: told.refusal };
}
