import { z } from "zod";
import type { AskedAccess, OwnPast, PastRequest } from "../domain/anomalies.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";

/** Habits older than half a year are no habits any more. */
const pastDays = 180;
/** More than enough to tell a habit by; the newest count. */
const maxRequests = 200;

const Asked = z
  .object({ at: z.coerce.date(), resource: z.string(), role: z.string(), duration: z.number() })
  .transform(({ duration, ...rest }) => ({ ...rest, durationSeconds: duration }));

const outcomes: Readonly<Record<string, PastRequest["outcome"]>> = {
  approved: "approved",
  denied: "denied",
  refused: "refused",
};

const Past = z
  .object({
    at: z.coerce.date(),
    resource: z.string(),
    role: z.string(),
    duration: z.number(),
    number: z.number(),
    status: z.string(),
    closed: z.coerce.date().nullable(),
  })
  .transform(({ duration, status, closed, ...rest }) => ({
    ...rest,
    durationSeconds: duration,
    outcome: outcomes[status] ?? ("open" as const),
    ...(closed === null ? {} : { closedAt: new Date(closed) }),
  }));

const Row = z.object({ asked: Asked, past: z.array(Past), has_asked_before: z.boolean() });

/** What was asked, and what the same person had asked before it; whoever asks tells the minute of the day of each. */
export type ReadPast = { readonly asked: AskedAccess; readonly past: OwnPast };

/** `undefined` where nothing is to be compared: it is flagged already, or asks only that what was given lasts longer. */
export async function readOwnPast(
  db: PrismaClient,
  requestId: string,
  minuteOfDay: (at: Date) => number,
): Promise<ReadPast | undefined> {
  const rows = await db.$queryRaw<unknown[]>`
    select jsonb_build_object('at', r.created_at, 'resource', r.resource, 'role', r.role,
                              'duration', r.duration_seconds) as asked,
           (select coalesce(jsonb_agg(jsonb_build_object(
                     'at', p.created_at, 'resource', p.resource, 'role', p.role, 'duration', p.duration_seconds,
                     'number', p.number, 'status', p.status, 'closed', p.closed_at)), '[]')
            from (
              select * from access_requests e
              where e.requester_person = r.requester_person and e.number < r.number
                and e.created_at > r.created_at - ${pastDays} * interval '1 day'
                and e.terms -> 'extends' is null
              order by e.created_at desc
              limit ${maxRequests}) p) as past,
           exists (
             select from access_requests e
             where e.requester_person = r.requester_person and e.resource = r.resource and e.number < r.number
           ) as has_asked_before
    from access_requests r
    where r.id = ${requestId}::uuid and r.flags is null and r.terms -> 'extends' is null`;
  if (rows[0] === undefined) return undefined;
  const { asked, past, has_asked_before } = Row.parse(rows[0]);
  const timed = <T extends { readonly at: Date }>(one: T): T & { readonly minuteOfDay: number } => ({
    ...one,
    minuteOfDay: minuteOfDay(one.at),
  });
  return { asked: timed(asked), past: { requests: past.map(timed), hasAskedBefore: has_asked_before } };
}
