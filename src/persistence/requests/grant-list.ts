import { z } from "zod";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { isOverdue, shouldBeGoneSince } from "./overdue.ts";

const ListedGrant = z.object({
  number: z.number(),
  email: z.string(),
  resource: z.string(),
  role: z.string(),
  provider: z.string(),
  subject: z.string(),
  status: z.string(),
  expiresAt: z.coerce.date().nullable(),
  revokeAttempts: z.number(),
  lastError: z.string().nullable(),
  isOverdue: z.boolean(),
  /** Since when it should be gone; not its expiry if the access has reappeared. */
  endingSince: z.coerce.date().nullable(),
});
/** Access that exists or may exist, as shown to an operator. */
export type ListedGrant = z.infer<typeof ListedGrant>;

/** Lists all access that is not proven gone, that which should have ended longest ago first. */
export async function listGrants(
  db: PrismaClient,
  clock: Clock,
  { overdueOnly }: { readonly overdueOnly: boolean },
): Promise<readonly ListedGrant[]> {
  const overdue = isOverdue(clock);
  const rows = await db.$queryRaw`
    select r.number, r.requester_email as email, r.resource, r.role, g.provider, g.subject, g.status,
           g.expires_at as "expiresAt", g.revoke_attempts as "revokeAttempts", g.last_error as "lastError",
           ${overdue} as "isOverdue", ${shouldBeGoneSince} as "endingSince"
    from grants g join access_requests r on r.id = g.request_id
    where g.status <> 'revoked' and (not ${overdueOnly} or ${overdue})
    order by coalesce(${shouldBeGoneSince}, g.expires_at) nulls last, r.number`;
  return z.array(ListedGrant).parse(rows);
}
