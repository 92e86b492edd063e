import type { OverdueEvent, OverdueTold } from "../domain/grant/overdue.ts";
import type { AccessRequest } from "../domain/request/request.ts";
import { surfaceOf } from "../domain/surface.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { findApprovalMessage } from "../persistence/messages.ts";
import type { OverduePlace } from "../persistence/requests/overdue.ts";
import type { Announcers } from "./alerts.ts";
import { alertMessage, threadMessage } from "./event-message.ts";
import type { Message } from "./message.ts";
import type { Where } from "./surface.ts";

export type TellOverdueDeps = {
  readonly db: PrismaClient;
  readonly announcers: Announcers;
};

/**
 * Reports overdue access at once, bypassing the worker, because the worker is what may have failed. First looks for a
 * message that may already be posted, as far as the surface lets us.
 */
export async function tellOverdue(
  { db, announcers }: TellOverdueDeps,
  request: AccessRequest,
  event: OverdueEvent,
  place: OverduePlace,
  mayStand: boolean,
): Promise<OverdueTold> {
  const { channel, alerts } = request.terms;
  const name = surfaceOf(place === "alerts" ? alerts : channel);
  const announcer = announcers.get(name);
  if (!announcer) return { outcome: "never", why: `Hallpass is not on ${name}` };
  let isSending = false;
  const say = async (message: Message | undefined, to: Where | undefined): Promise<void> => {
    if (!message || !to) return;
    const mark = { overdue: event.grantId ?? "", step: String(event.data.step), place };
    isSending = true;
    await announcer.say(to, message, mark, mayStand ? event.data.lateSeconds * 1_000 : undefined);
  };
  try {
    if (place === "alerts") {
      await say(alertMessage(event, request), { destination: alerts });
    } else {
      const under = await findApprovalMessage(db, request.id, name);
      await say(threadMessage(event), under && { under });
    }
    return { outcome: "said" };
  } catch (error) {
    const { words, fault, mayBeDone, isAway } = announcer.judge(error);
    if (fault) return { outcome: "never", why: fault.words };
    const later = { outcome: "later", why: words, isAway } as const;
    return isSending && mayBeDone ? { ...later, doubtSeconds: announcer.doubtSeconds } : later;
  }
}
