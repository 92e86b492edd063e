import { type WebClient, WebAPIPlatformError } from "@slack/web-api";
import type { OverdueEvent, OverdueTold } from "../../domain/grant/overdue.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { OverduePlace } from "../../persistence/requests/overdue.ts";
import { findApprovalMessage } from "../../persistence/slack-messages.ts";
import { mayBeDone, permanentFault, tokenFault, wordFault } from "../client/errors.ts";
import type { Directory } from "../directory/directory.ts";
import { findPosted, lastAnswerMs, markType } from "../delivery/find-posted.ts";
import { type Mark, post, postTo } from "../delivery/posting.ts";
import type { Message } from "../views/approval-message.ts";
import { alertMessage, threadMessage } from "../views/event-message.ts";

export type TellOverdueDeps = {
  readonly db: PrismaClient;
  readonly client: WebClient;
  readonly directory: Directory;
};

/**
 * Reports overdue access straight to Slack, bypassing the worker, because the worker is what may have failed. First
 * looks for a message that may already be posted, as far as Slack lets us.
 */
export async function tellOverdue(
  deps: TellOverdueDeps,
  request: AccessRequest,
  event: OverdueEvent,
  place: OverduePlace,
  mayStand: boolean,
): Promise<OverdueTold> {
  const { client } = deps;
  let isSending = false;
  const say = async (channel: string, message: Message, thread_ts?: string): Promise<void> => {
    const metadata = markOf(event, place);
    if (mayStand) {
      const found = await findPosted(
        client,
        { channel, thread_ts },
        metadata,
        event.data.lateSeconds * 1_000,
      );
      if (typeof found === "object") return;
    }
    isSending = true;
    await post(client, channel, message, { thread_ts, metadata });
  };
  try {
    if (place === "alerts") {
      const message = alertMessage(event, request);
      if (message) await postTo(deps.directory, request.terms.alerts, (id) => say(id, message));
    } else {
      const message = threadMessage(event);
      const thread = await findApprovalMessage(deps.db, request.id);
      if (message && thread) await say(thread.channel, message, thread.ts);
    }
    return { outcome: "said" };
  } catch (error) {
    const fault = permanentFault(error);
    if (fault) return { outcome: "never", why: fault.words };
    const isAway = tokenFault(error) !== undefined || !(error instanceof WebAPIPlatformError);
    const later = { outcome: "later", why: wordFault(error), isAway } as const;
    return isSending && mayBeDone(error) ? { ...later, doubtSeconds: lastAnswerMs.unseen / 1_000 } : later;
  }
}

function markOf({ grantId, data }: OverdueEvent, place: OverduePlace): Mark {
  return {
    event_type: markType,
    event_payload: { overdue: grantId ?? "", step: String(data.step), place },
  };
}
