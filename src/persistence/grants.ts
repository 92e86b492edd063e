import type { Grant } from "../domain/grant.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";

/**
 * The request whose live grant gives the same person the same thing, the one that lasts longest; `undefined` when
 * nothing else does. A grant that is itself ending keeps nothing.
 */
export async function findKeeper(
  db: PrismaClient,
  grant: Grant,
): Promise<{ readonly number: number } | undefined> {
  const rows = await db.$queryRaw<{ number: number }[]>`
    select r.number from grants g join access_requests r on r.id = g.request_id
    where g.provider = ${grant.provider} and g.subject = ${grant.subject}
      and g.target = ${JSON.stringify(grant.target)}::jsonb
      and g.status in ('granting', 'active') and g.id <> ${grant.id}::uuid
    order by g.expires_at desc nulls first limit 1`;
  return rows[0];
}

/** Whether another grant of ours, live or not yet proven gone, may be why the person holds this. */
export async function mayBeOurs(db: PrismaClient, grant: Grant): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    select 1 from grants g
    where g.provider = ${grant.provider} and g.subject = ${grant.subject}
      and g.target = ${JSON.stringify(grant.target)}::jsonb
      and g.status <> 'revoked' and g.id <> ${grant.id}::uuid
    limit 1`;
  return rows.length > 0;
}

/**
 * Somebody else who holds access in the same provider under the same name; `undefined` when nobody does. One's grant
 * would be the other's access, and one's end would take the other's away.
 */
export async function findNamesake(db: PrismaClient, grant: Grant): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ email: string }[]>`
    select r.requester_email as email from grants g join access_requests r on r.id = g.request_id
    where g.provider = ${grant.provider} and g.subject = ${grant.subject}
      and g.status in ('granting', 'active', 'revoking')
      and r.requester_email <> (select requester_email from access_requests where id = ${grant.requestId}::uuid)
    order by g.id limit 1`;
  return rows[0]?.email;
}
