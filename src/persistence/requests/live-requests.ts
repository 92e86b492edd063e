import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { termKey } from "./term-key.ts";

/**
 * Whether a request `r` is open: pending, not started, or live. Conditions with an index come first, so that only those
 * few rows are looked at closer. Grants are looked up per request: a hash join would read all grants there ever were.
 */
export const isOpen = Prisma.sql`
  (r.status = 'pending'
    or (r.is_held and coalesce((select bool_or(g.status in ('granting', 'active')) from grants g where g.request_id = r.id),
                   r.terms -> ${Prisma.raw(termKey("startWithinSeconds"))} is not null)))`;

/** Finds the open requests that an account or a person filed. */
export async function findOpenRequests(
  db: PrismaClient,
  { account, person }: { readonly account: string; readonly person?: number | undefined },
): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.id::text from access_requests r
    where (r.requester_account = ${account} or r.requester_person = ${person ?? null}::int) and ${isOpen}
    order by r.number`;
  return rows.map(({ id }) => id);
}

/** Whether an approval `d` among a request's decisions counts. */
const counts = Prisma.sql`d ->> 'verdict' = 'approve' and d ->> 'discounted' is null`;

/** Finds the pending requests in which an approval by these people counts. */
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

/** Finds the accounts that something depends on: of requesters with an open request, and of approvers whose approval counts. */
export async function findAccountsInUse(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.requester_account as id from access_requests r
    where r.requester_account is not null and ${isOpen}
    union
    select d ->> 'account' from access_requests r cross join jsonb_array_elements(r.decisions) d
    where r.status = 'pending' and ${counts} and d ->> 'account' is not null`;
  return rows.map(({ id }) => id);
}

/** A request that somebody waits for, or whose access they have now. */
export type OpenRequest = {
  readonly number: number;
  readonly resource: string;
  readonly role: string;
  readonly status: string;
  /** When it ends, once it is active. */
  readonly expiresAt: Date | null;
};

/** Lists one person's open requests, the newest first. */
export async function listOpenRequests(db: PrismaClient, person: number): Promise<readonly OpenRequest[]> {
  return db.$queryRaw<OpenRequest[]>`
    select r.number, r.resource, r.role, r.status, max(g.expires_at) as "expiresAt"
    from access_requests r
    left join grants g on g.request_id = r.id and g.status in ('granting', 'active')
    where r.requester_person = ${person} and ${isOpen}
    group by r.id
    order by r.number desc limit 20`;
}
