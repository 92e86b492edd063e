import { z } from "zod";
import type { AskedAccess, OwnPast, PastRequest } from "../domain/anomalies.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";

/** Habits older than half a year are no habits any more. */
const pastDays = 180;
/** More than enough to tell a habit by; the newest count. */
const maxRequests = 200;

const Asked = z.object({
  at: z.coerce.date(),
  resource: z.string(),
  role: z.string(),
  durationSeconds: z.number(),
  person: z.number(),
  number: z.number(),
});

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

const Row = z.object({ past: z.array(Past), has_asked_before: z.boolean() });

/** What was asked, and what the same person had asked before it; whoever asks tells the minute of the day of each. */
export type ReadPast = { readonly asked: AskedAccess; readonly past: OwnPast };

/** `undefined` where nothing is to be compared: it is flagged already, or asks only that what was given lasts longer. */
export async function readOwnPast(
  db: PrismaClient,
  requestId: string,
  minuteOfDay: (at: Date) => number,
): Promise<ReadPast | undefined> {
  const [request] = await db.$queryRaw<unknown[]>`
    select created_at as at, resource, role, duration_seconds as "durationSeconds", requester_person as person, number
    from access_requests
    where id = ${requestId}::uuid and flags is null and terms -> 'extends' is null`;
  if (request === undefined) return undefined;
  const { person, number, ...asked } = Asked.parse(request);
  // So that the planner sees that many are found, and reads the newest instead of all to sort them: the person is known to it by
  // their number, and `?` is rarely true to it, where `is null` of an expression would be.
  const [row] = await db.$queryRaw<unknown[]>`
    select (select coalesce(json_agg(json_build_object(
                     'at', (extract(epoch from p.created_at) * 1000)::bigint, 'resource', p.resource, 'role', p.role,
                     'duration', p.duration_seconds, 'number', p.number, 'status', p.status,
                     'closed', (extract(epoch from p.closed_at) * 1000)::bigint)), '[]')
            from (
              select * from access_requests
              where requester_person = ${person} and number < ${number}
                and created_at > ${asked.at}::timestamptz - ${pastDays} * interval '1 day'
                and not terms ? 'extends'
              order by created_at desc
              limit ${maxRequests}) p) as past,
           exists (
             select from access_requests
             where requester_person = ${person} and resource = ${asked.resource} and number < ${number}
           ) as has_asked_before`;
  const { past, has_asked_before } = Row.parse(row);
  const timed = <T extends { readonly at: Date }>(one: T): T & { readonly minuteOfDay: number } => ({
    ...one,
    minuteOfDay: minuteOfDay(one.at),
  });
  return { asked: timed(asked), past: { requests: past.map(timed), hasAskedBefore: has_asked_before } };
}
