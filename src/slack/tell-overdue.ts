import { type WebClient, WebAPIPlatformError } from "@slack/web-api";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { AccessRequest } from "../domain/request.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { findApprovalMessage } from "../persistence/slack-messages.ts";
import type { Directory } from "./directory.ts";
import { post, postTo } from "./posting.ts";
import { permanentFault, tokenFault } from "./answers.ts";
import { alertMessage, threadMessage } from "./views/event-message.ts";

export type TellOverdueDeps = {
  readonly db: PrismaClient;
  readonly client: WebClient;
  readonly directory: Directory;
};

/**
 * What became of saying it: `never` where no retry mends it, `later` where one may. `isAway`: it was not about this
 * message, so that another one need not be tried now.
 */
export type OverdueTold =
  | { readonly outcome: "said" }
  | { readonly outcome: "never"; readonly why: string }
  | { readonly outcome: "later"; readonly why: unknown; readonly isAway: boolean };

/** Says that access is overdue, straight to Slack: what the worker has to do with it is what is in doubt. */
export async function tellOverdue(
  deps: TellOverdueDeps,
  request: AccessRequest,
  event: AuditEvent,
  place: "thread" | "alerts",
): Promise<OverdueTold> {
  try {
    if (place === "alerts") {
      const message = alertMessage(event, request);
      if (message) await postTo(deps.directory, request.terms.alerts, (id) => post(deps.client, id, message));
    } else {
      const message = threadMessage(event);
      const thread = await findApprovalMessage(deps.db, request.id);
      if (message && thread) await post(deps.client, thread.channel, message, { thread_ts: thread.ts });
    }
    return { outcome: "said" };
  } catch (error) {
    const fault = permanentFault(error);
    if (fault) return { outcome: "never", why: fault.words };
    const isAway = tokenFault(error) !== undefined || !(error instanceof WebAPIPlatformError);
    return { outcome: "later", why: error, isAway };
  }
}
