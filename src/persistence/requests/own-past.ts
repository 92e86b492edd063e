import { z } from "zod";
import type { AskedAccess, OwnPast, PastRequest } from "../../domain/request/anomalies.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { termKey } from "./term-key.ts";

/** Requests older than half a year don't count as habits. */
const pastDays = 180;
/** At most this many requests, newest first: more than enough to tell a habit. */
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
    isDenied: z.boolean(),
    closed: z.coerce.date().nullable(),
  })
  .transform(({ duration, status, isDenied, closed, ...rest }) => ({
    ...rest,
    durationSeconds: duration,
    // A slip is no denial: a duration too long, a ticket forgotten, a lockdown that is over.
    outcome: (status === "refused" && !isDenied ? undefined : outcomes[status]) ?? ("open" as const),
    ...(closed === null ? {} : { closedAt: new Date(closed) }),
  }));

const Row = z.object({ past: z.array(Past), has_asked_before: z.boolean() });

/** A request, and what the same person had asked before it; the caller supplies the minute of the day of each. */
export type ReadPast = { readonly asked: AskedAccess; readonly past: OwnPast };

/**
 * Reads a request and its requester's past; `undefined` when there is nothing to compare: it is already flagged, or is
 * an extension.
 */
export async function readOwnPast(
  db: PrismaClient,
  requestId: string,
  minuteOfDay: (at: Date) => number,
): Promise<ReadPast | undefined> {
  const [request] = await db.$queryRaw<unknown[]>`
    select created_at as at, resource, role, duration_seconds as "durationSeconds", requester_person as person, number
    from access_requests
    where id = ${requestId}::uuid and flags is null and terms -> ${Prisma.raw(termKey("extends"))} is null`;
  if (request === undefined) return undefined;
  const { person, number, ...asked } = Asked.parse(request);
  // Written so that the planner expects many rows and reads the newest from the index instead of sorting all. It has
  // statistics on the person's number, and takes `?` to be rarely true, so its negation keeps most rows; `is null` of
  // an expression would be taken to be rarely true.
  const [row] = await db.$queryRaw<unknown[]>`
    select (select coalesce(json_agg(json_build_object(
                     'at', (extract(epoch from p.created_at) * 1000)::bigint, 'resource', p.resource, 'role', p.role,
                     'duration', p.duration_seconds, 'number', p.number, 'status', p.status,
                     'isDenied', p.terms @> '{"isDenied": true}',
                     'closed', (extract(epoch from p.closed_at) * 1000)::bigint)), '[]')
            from (
              select * from access_requests
              where requester_person = ${person} and number < ${number}
                and created_at > ${asked.at}::timestamptz - ${pastDays} * interval '1 day'
                and not terms ? ${Prisma.raw(termKey("extends"))}
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
