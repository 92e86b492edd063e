import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";

/**
 * Whether a request `r` may still come to something or give something: pending, not started, or live. What has an index comes
 * first, so that only those few are looked at closer; and their grants are asked for one by one, for all grants there ever were would be read to
 * hash them.
 */
export const isOpen = Prisma.sql`
  (r.status = 'pending'
    or (r.is_held and coalesce((select bool_or(g.status in ('granting', 'active')) from grants g where g.request_id = r.id),
                   r.terms -> 'startWithinSeconds' is not null)))`;

/** The open requests that an account or a person filed. */
export async function findOpenRequests(
  db: PrismaClient,
  { slackId, person }: { readonly slackId: string; readonly person?: number | undefined },
): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.id::text from access_requests r
    where (r.requester_slack_id = ${slackId} or r.requester_person = ${person ?? null}::int) and ${isOpen}
    order by r.number`;
  return rows.map(({ id }) => id);
}

/** Whether an approval `d` among a request's decisions counts. */
const counts = Prisma.sql`d ->> 'verdict' = 'approve' and d ->> 'discounted' is null`;

/** The pending requests in which an approval of these people counts. */
export async function findApprovedBy(
  db: PrismaClient,
  persons: readonly number[],
): Promise<readonly { readonly requestId: string; readonly person: number }[]> {
  return db.$queryRaw<{ requestId: string; person: number }[]>`
    select r.id::text as "requestId", (d ->> 'person')::int as person
    from access_requests r cross join jsonb_array_elements(r.decisions) d
    where r.status = 'pending' and ${counts} and (d ->> 'person')::int = any (${[...persons]}::int[])
    order by r.number`;
}

/** The accounts on which something depends: of whose access is live or asked for, and of whose approval counts. */
export async function findAccountsInUse(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.requester_slack_id as id from access_requests r
    where r.requester_slack_id is not null and ${isOpen}
    union
    select d ->> 'slackId' from access_requests r cross join jsonb_array_elements(r.decisions) d
    where r.status = 'pending' and ${counts} and d ->> 'slackId' is not null`;
  return rows.map(({ id }) => id);
}

/** What somebody waits for or has now, newest first. */
export type OpenRequest = {
  readonly number: number;
  readonly resource: string;
  readonly role: string;
  readonly status: string;
  /** When it ends, once it is active. */
  readonly expiresAt: Date | null;
};

/** The open requests of one person. */
export async function listOpenRequests(db: PrismaClient, person: number): Promise<readonly OpenRequest[]> {
  return db.$queryRaw<OpenRequest[]>`
    select r.number, r.resource, r.role, r.status, max(g.expires_at) as "expiresAt"
    from access_requests r
    left join grants g on g.request_id = r.id and g.status in ('granting', 'active')
    where r.requester_person = ${person} and ${isOpen}
    group by r.id
    order by r.number desc limit 20`;
}
