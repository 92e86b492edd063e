import { z } from "zod";
import { committing } from "../crash-point.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./database/clock.ts";

/** Where a message stands on its surface, in that surface's own terms (on Slack a channel's id and a timestamp). */
export type Place = Readonly<Record<string, string>>;

/** A place on a named surface. */
export type SurfacePlace = { readonly surface: string; readonly place: Place };

const Place = z.record(z.string(), z.string());

/** Finds where the approval message of a request stands on a surface; `undefined` while it is not posted there. */
export async function findApprovalMessage(
  db: PrismaClient,
  requestId: string,
  surface: string,
): Promise<Place | undefined> {
  const row = await db.message.findUnique({
    where: { requestId_surface_kind: { requestId, surface, kind: "approval" } },
    select: { place: true },
  });
  return row ? Place.parse(row.place) : undefined;
}

/** Stores where the approval message was posted; the first place stays. */
export async function saveApprovalMessage(
  db: PrismaClient,
  clock: Clock,
  requestId: string,
  { surface, place }: SurfacePlace,
): Promise<void> {
  await committing(
    "place",
    () => db.$executeRaw`
    insert into messages (request_id, surface, kind, place, posted_at)
    values (${requestId}::uuid, ${surface}, 'approval', ${place}::jsonb, ${clock.now})
    on conflict (request_id, surface, kind) do nothing`,
  );
}

/** Stores the new place of the approval message after another was posted in its stead. */
export async function moveApprovalMessage(
  db: PrismaClient,
  clock: Clock,
  requestId: string,
  { surface, place }: SurfacePlace,
): Promise<void> {
  await committing(
    "place",
    () => db.$executeRaw`
    update messages set place = ${place}::jsonb, posted_at = ${clock.now}
    where request_id = ${requestId}::uuid and surface = ${surface} and kind = 'approval'`,
  );
}
