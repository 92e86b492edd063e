import { shorten } from "../domain/text.ts";
import { awaitedBy } from "../domain/request/approvals.ts";
import type { State } from "../domain/state.ts";
import { readState } from "../persistence/requests/requests.ts";
import type { RecordDeps } from "../access/deps.ts";
import { approvalMessage, type Asked } from "./approval-message.ts";
import type { Message } from "./message.ts";
import type { Compose, Surface } from "./surface.ts";

export type ReadDeps = Pick<RecordDeps, "db" | "clock">;

/** Reads a request's current state from the database; throws if it does not exist. */
export async function readRequest(
  deps: ReadDeps,
  effect: { readonly id: string; readonly requestId: string },
): Promise<{ readonly state: State; readonly now: Date }> {
  const found = await readState(deps.db, deps.clock, effect.requestId);
  if (!found) throw new Error(`effect ${effect.id} names a request that does not exist`);
  return found;
}

/** Length of the shortened reason, used when a surface finds the message too long. */
const shortReasonCharacters = 1_000;

/**
 * Sends the approval message; if the surface finds it too long, sends it again with a shortened reason: a request nobody sees is
 * worse than a shortened reason.
 */
export async function sendCard<T>(
  deps: ReadDeps,
  surface: Surface,
  effect: { readonly id: string; readonly requestId: string },
  send: (compose: Compose) => Promise<T>,
): Promise<T> {
  const compose = async (shortened: (state: State) => State): Promise<Message> => {
    const { state } = await readRequest(deps, effect);
    return approvalMessage(shortened(state), await askedOf(surface, state));
  };
  try {
    return await send(() => compose((state) => state));
  } catch (error) {
    if (surface.judge(error).fault?.kind !== "too_long") throw error;
    return send(() => compose(withShortReason));
  }
}

function withShortReason(state: State): State {
  const reason = `${shorten(state.request.reason, shortReasonCharacters)} (shortened; the audit has it whole)`;
  return { ...state, request: { ...state.request, reason } };
}

/** Who may decide the current step, with those it pings first and as mentions, and who else it pings. */
async function askedOf(surface: Surface, { request }: State): Promise<Asked> {
  const awaited = request.status === "pending" ? awaitedBy(request.decisions, request.terms) : undefined;
  if (!awaited) return { approvers: [], told: [] };
  const { approvers, notify } = awaited;
  const pinged = await surface.mentions(notify);
  const mayDecide = new Set(approvers);
  const isPinged = new Set(notify);
  return {
    approvers: [
      ...pinged.filter(({ email }) => mayDecide.has(email)),
      ...approvers.filter((email) => !isPinged.has(email)).map((email) => ({ email })),
    ],
    told: pinged.filter(({ email }) => !mayDecide.has(email)),
  };
}
