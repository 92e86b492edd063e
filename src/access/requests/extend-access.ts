import { isSamePerson } from "../../domain/person.ts";
import type { Refusal } from "../../domain/refusal.ts";
import type { Caller } from "../../identity/caller.ts";
import { countExtensions } from "../../persistence/requests/extensions.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import { changesToday } from "./grant-changes.ts";
import { evaluateAgain, readToday } from "./read-facts.ts";
import { type AccessAnswer, requestExtension } from "./request-access.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type ExtensionAnswer =
  /** A request of its own, allowed at once or waiting for approval. */
  { readonly asked: true; readonly answer: AccessAnswer } | ({ readonly asked: false } & Refused);

type PersonExtends = { readonly requestId: string; readonly by: Caller; readonly key: string };

/** Asks for live access to last longer, by as much as today's rule allows; judged like any other request. */
export function extendAccess(deps: PolicyDeps, asked: PersonExtends): Promise<ExtensionAnswer> {
  return retryIfPersonChanged(() => extendOnce(deps, asked));
}

async function extendOnce(
  deps: PolicyDeps,
  { requestId, by: caller, key }: PersonExtends,
): Promise<ExtensionAnswer> {
  const by = await deps.people.resolve(caller);
  const read = await readState(deps.db, deps.clock, requestId);
  if (!read) throw new Error(`no request ${requestId}`);
  const { state, now } = read;
  const { request } = state;
  const refuse = async (refusal: Refusal): Promise<ExtensionAnswer> => ({
    asked: false,
    ...(await refuseAttempt(deps, { refusal, state, now }, { by, attempted: "extend", key })),
  });
  if (!isSamePerson(request.requester, by)) return refuse("not_requester");
  const ends = state.grants.flatMap(({ status, expiresAt }) =>
    status === "active" && expiresAt && now < expiresAt ? [expiresAt] : [],
  );
  const [expiresAt] = ends;
  if (!expiresAt) return refuse("grant_ended");

  const policy = deps.policy();
  const today = await readToday(deps, policy, request);
  if (isLockedDown(today.facts.lockdowns, by)) return refuse("locked_down");
  const evaluation = evaluateAgain(policy, request, today, now);
  if (evaluation.verdict === "refuse") return refuse("policy_changed");
  if ((await changesToday(deps, policy, request, today, now)).length > 0) return refuse("policy_changed");
  if (!evaluation.extend) return refuse("not_extendable");
  const { times, bySeconds } = evaluation.extend;
  const { approved, pending, all } = await countExtensions(deps.db, request);
  if (pending > 0) return refuse("extension_pending");
  if (approved >= times) return refuse("extended_enough");

  const { resource, role, reason, ticket, source, number, terms } = request;
  const answer = await requestExtension(deps, {
    requester: by,
    resource,
    role,
    durationSeconds: bySeconds,
    reason,
    source,
    extends: { requestId, number, until: expiresAt, place: all + 1 },
    dedupeKey: `extend ${key}`,
    ...(ticket === undefined ? {} : { ticket }),
    ...(terms.ip === undefined ? {} : { ip: terms.ip }),
  });
  // Lost race, perhaps against another click of the same person: judge again, counting what was recorded.
  return answer ? { asked: true, answer } : extendOnce(deps, { requestId, by, key });
}
