import type { PrismaClient } from "../generated/prisma/client.ts";

/** The requests of a person that may still come to something or give something: pending, not started, or live. */
export async function findOpenRequests(
  db: PrismaClient,
  { slackId, email }: { readonly slackId: string; readonly email?: string | undefined },
): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select r.id::text from access_requests r
    where (r.requester_slack_id = ${slackId} or r.requester_email = ${email ?? null})
      and (r.status = 'pending'
        or exists (select from grants g where g.request_id = r.id and g.status in ('granting', 'active'))
        or (r.status = 'approved' and r.terms -> 'startWithinSeconds' is not null
          and not exists (select from grants g where g.request_id = r.id)))
    order by r.number`;
  return rows.map(({ id }) => id);
}

/** The Slack ids of everybody whose access is live or asked for. */
export async function findAskers(db: PrismaClient): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    select distinct r.requester_slack_id as id from access_requests r
    where r.requester_slack_id is not null
      and (r.status = 'pending'
        or exists (select from grants g where g.request_id = r.id and g.status in ('granting', 'active')))`;
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
export async function listOpenRequests(db: PrismaClient, email: string): Promise<readonly OpenRequest[]> {
  return db.$queryRaw<OpenRequest[]>`
    select r.number, r.resource, r.role, r.status, max(g.expires_at) as "expiresAt"
    from access_requests r
    left join grants g on g.request_id = r.id and g.status in ('granting', 'active')
    where r.requester_email = ${email}
      and (r.status = 'pending' or g.id is not null
        or (r.status = 'approved' and r.terms -> 'startWithinSeconds' is not null
          and not exists (select from grants o where o.request_id = r.id)))
    group by r.id
    order by r.number desc limit 20`;
}
