import { awaitedBy } from "../../domain/request/approvals.ts";
import type { State } from "../../domain/state.ts";
import { shorten } from "../../domain/text.ts";
import { maxNames } from "../../words/people.ts";
import { readState } from "../../persistence/requests/requests.ts";
import type { RecordDeps } from "../../access/deps.ts";
import type { Compose } from "./courier.ts";
import type { Directory } from "../directory/directory.ts";
import { codeOf } from "../client/errors.ts";
import { type Approver, approvalMessage, type Asked, type Message } from "../views/approval-message.ts";

export type CardDeps = Pick<RecordDeps, "db" | "clock"> & { readonly directory: Directory };

/** Reads a request's current state from the database; throws if it does not exist. */
export async function readRequest(
  deps: CardDeps,
  effect: { readonly id: string; readonly requestId: string },
): Promise<{ readonly state: State; readonly now: Date }> {
  const found = await readState(deps.db, deps.clock, effect.requestId);
  if (!found) throw new Error(`effect ${effect.id} names a request that does not exist`);
  return found;
}

/** Length of the shortened reason, used when Slack finds the message too long. */
const shortReasonCharacters = 1_000;

/**
 * Sends the approval message; if Slack finds it too long, sends it again with a shortened reason. Slack does not
 * publish how it counts (https://github.com/slackapi/bolt-js/issues/2509), and a request nobody sees is worse than a
 * shortened reason.
 */
export async function sendCard<T>(
  deps: CardDeps,
  effect: { readonly id: string; readonly requestId: string },
  send: (compose: Compose) => Promise<T>,
): Promise<T> {
  const compose = async (shortened: (state: State) => State): Promise<Message> => {
    const { state } = await readRequest(deps, effect);
    return approvalMessage(shortened(state), await askedOf(deps.directory, state));
  };
  try {
    return await send(() => compose((state) => state));
  } catch (error) {
    if (!tooLong.has(codeOf(error) ?? "")) throw error;
    return send(() => compose(withShortReason));
  }
}

const tooLong = new Set(["msg_too_long", "msg_blocks_too_long"]);

function withShortReason(state: State): State {
  const reason = `${shorten(state.request.reason, shortReasonCharacters)} (shortened; the audit has it whole)`;
  return { ...state, request: { ...state.request, reason } };
}

/** Who may decide the current step, with those it pings first and as mentions, and who else it pings. */
async function askedOf(directory: Directory, { request }: State): Promise<Asked> {
  const awaited = request.status === "pending" ? awaitedBy(request.decisions, request.terms) : undefined;
  if (!awaited) return { approvers: [], told: [] };
  const { approvers, notify } = awaited;
  const pinged = await namesOf(directory, notify);
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

/** Looks up people in Slack, as far as their names are shown (the first `maxNames`). */
export function namesOf(directory: Directory, emails: readonly string[]): Promise<readonly Approver[]> {
  return Promise.all(
    emails.map(async (email, index) => {
      // The others are only counted, so they need no lookup: Slack's rate limit is some fifty a minute.
      return index < maxNames ? { email, slackId: await directory.idByEmail(email) } : { email };
    }),
  );
}
