import type { State } from "../../domain/state.ts";
import type { Grant } from "../../domain/grant/grant.ts";
import type { Caller } from "../../identity/caller.ts";
import { findRequestOfGrant, wasAskedSince } from "../../persistence/requests/grants.ts";
import { readLockdowns } from "../../persistence/requests/lockdowns.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { apply } from "../apply.ts";
import { retryIfPersonChanged } from "./retry-if-person-changed.ts";
import type { PolicyDeps } from "../deps.ts";
import type { SecretBox } from "../secret-box.ts";
import { type Refused, refuseAttempt } from "./refuse-attempt.ts";

export type ShowAnswer =
  | { readonly shown: true; readonly title: string; readonly text: string; readonly state: State }
  | ({ readonly shown: false } & Refused);

type PersonLooks = { readonly grantId: string; readonly by: Caller; readonly key: string };

/**
 * Shows the requester what their access came with, once; that they have seen it is recorded before they do. `undefined` if there is
 * no such grant.
 */
export function showHandover(
  deps: PolicyDeps & { readonly secretBox: SecretBox },
  asked: PersonLooks,
): Promise<ShowAnswer | undefined> {
  return retryIfPersonChanged(() => showOnce(deps, asked));
}

async function showOnce(
  deps: PolicyDeps & { readonly secretBox: SecretBox },
  { grantId, by: caller, key }: PersonLooks,
): Promise<ShowAnswer | undefined> {
  const requestId = await findRequestOfGrant(deps.db, grantId);
  if (requestId === undefined) return undefined;
  const by = await deps.people.resolve(caller);
  let opened: { readonly title: string; readonly text: string } | undefined;
  const applied = await apply(deps, requestId, async ({ grants }) => {
    // From the state that this write is checked against: a lost race asks again.
    const grant = grants.find(({ id }) => id === grantId);
    opened = open(deps.secretBox, grant);
    return {
      type: "show_handover",
      grantId,
      by,
      opens: opened !== undefined,
      isReplaced:
        grant?.handover !== undefined && (await wasAskedSince(deps.db, grant, grant.handover.since)),
      isLockedDown: isLockedDown(await readLockdowns(deps.db), by),
    };
  });
  const { state, now } = applied;
  if (applied.applied && opened) return { shown: true, ...opened, state };
  const refusal = applied.applied ? "nothing_to_show" : applied.refusal;
  return {
    shown: false,
    ...(await refuseAttempt(deps, { refusal, state, now }, { by, attempted: "show", key })),
  };
}

function open(
  secretBox: SecretBox,
  grant: Grant | undefined,
): { readonly title: string; readonly text: string } | undefined {
  if (grant?.handover?.sealed === undefined) return undefined;
  const { title, sealed } = grant.handover;
  const text = secretBox.open(grant.id, sealed);
  return text === undefined ? undefined : { title, text };
}
