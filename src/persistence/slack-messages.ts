import { committing } from "../crash-point.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./database/clock.ts";

/** Where one of our messages is in Slack. */
export type SlackPlace = { readonly channel: string; readonly ts: string };

/** Finds the approval message of a request; `undefined` while it is not posted. */
export async function findApprovalMessage(
  db: PrismaClient,
  requestId: string,
): Promise<SlackPlace | undefined> {
  const row = await db.slackMessage.findUnique({
    where: { requestId_kind: { requestId, kind: "approval" } },
    select: { channel: true, ts: true },
  });
  return row ?? undefined;
}

/** Stores where the approval message was posted; the first place stays. */
export async function saveApprovalMessage(
  db: PrismaClient,
  clock: Clock,
  requestId: string,
  place: SlackPlace,
): Promise<void> {
  await committing(
    "place",
    () => db.$executeRaw`
    insert into slack_messages (request_id, kind, channel, ts, posted_at)
    values (${requestId}::uuid, 'approval', ${place.channel}, ${place.ts}, ${clock.now})
    on conflict (request_id, kind) do nothing`,
  );
}

/** Stores the new place of the approval message after another was posted in its stead. */
export async function moveApprovalMessage(
  db: PrismaClient,
  clock: Clock,
  requestId: string,
  place: SlackPlace,
): Promise<void> {
  await committing(
    "place",
    () => db.$executeRaw`
    update slack_messages set channel = ${place.channel}, ts = ${place.ts}, posted_at = ${clock.now}
    where request_id = ${requestId}::uuid and kind = 'approval'`,
  );
}
