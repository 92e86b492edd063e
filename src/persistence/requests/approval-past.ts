import { z } from "zod";
import { type ApprovalPast, mutualDays } from "../../domain/request/approval-anomalies.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";

const pastDays = 180;
/** At most this many requests, newest first: more than enough to tell who usually approves. */
const maxRequests = 500;

const count = z.object({ all: z.number(), byApprover: z.number() });
const Row = z.object({
  forResource: count,
  forRequester: count,
  byApprover: z.number(),
  byRequester: z.number(),
});

/** Reads what had been approved by the moment of an approval, for its resource, requester and approver. */
export async function readApprovalPast(
  db: PrismaClient,
  {
    id,
    resource,
    requester,
  }: Pick<AccessRequest, "id" | "resource"> & { readonly requester: { readonly id: number } },
  approval: { readonly approver: number; readonly at: Date },
): Promise<ApprovalPast> {
  const { approver, at } = approval;
  const approvedBy = (person: Prisma.Sql): Prisma.Sql =>
    Prisma.sql`e.decisions @> jsonb_build_array(jsonb_build_object('verdict', 'approve', 'person', ${person}))`;
  // Leave out the request itself.
  const approved = (days: number, which: Prisma.Sql): Prisma.Sql => Prisma.sql`
    select e.decisions from access_requests e
    where e.id <> ${id}::uuid and e.status = 'approved' and e.closed_at <= ${at}
      and e.created_at > ${at}::timestamptz - ${days} * interval '1 day'
      and e.decisions @> '[{"verdict": "approve"}]' and ${which}
    order by e.created_at desc limit ${maxRequests}`;
  const both = (which: Prisma.Sql): Prisma.Sql => Prisma.sql`
    (select jsonb_build_object('all', count(*), 'byApprover',
              count(*) filter (where ${approvedBy(Prisma.sql`${approver}::int`)}))
     from (${approved(pastDays, which)}) e)`;
  const [row] = await db.$queryRaw<unknown[]>`
    select ${both(Prisma.sql`e.resource = ${resource}`)} as "forResource",
           ${both(Prisma.sql`e.requester_person = ${requester.id}`)} as "forRequester",
           (select count(*)::int from (${approved(
             mutualDays,
             Prisma.sql`e.requester_person = ${requester.id} and ${approvedBy(Prisma.sql`${approver}::int`)}`,
           )}) e) as "byApprover",
           (select count(*)::int from (${approved(
             mutualDays,
             Prisma.sql`e.requester_person = ${approver} and ${approvedBy(Prisma.sql`${requester.id}::int`)}`,
           )}) e) as "byRequester"`;
  const { forResource, forRequester, byApprover, byRequester } = Row.parse(row);
  return {
    resource,
    forResource,
    forRequester,
    lately: { byApprover, byRequester },
  };
}
