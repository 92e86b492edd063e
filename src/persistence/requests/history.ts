import { z } from "zod";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import type { History } from "../../policy/decide/history.ts";

/** Maximum entries; live access comes first, so that it is never cut off. */
const maxEntries = 200;

/** Milliseconds, which are cheaper for both sides than a formatted time. */
const instant = z.coerce.date();
const GrantRow = z.object({
  resource: z.string(),
  role: z.string(),
  rule: z.string(),
  since: instant,
  until: instant.nullable(),
});
const DenialRow = z.object({ resource: z.string(), role: z.string(), at: instant });
const HistoryRow = z.object({
  approvals: z.number(),
  grants: z.array(GrantRow),
  denials: z.array(DenialRow),
});

export type HistoryOptions = {
  /** A request to leave out. */
  readonly exceptId?: string | undefined;
  /** Leaves out denials and access that ended longer ago: for callers that only need what is held or ended lately. */
  readonly lately?: { readonly clock: Clock; readonly seconds: number } | undefined;
};

/**
 * Reads what a person held, holds and was denied, leaving out the request `exceptId`. Access that is not proven gone
 * counts as held, and so does approved access that has not started; what failed was never held. `approvals`: how often
 * they had been given access by then (see `countApproval`).
 */
export async function readHistory(
  db: PrismaClient,
  person: number,
  { exceptId, lately }: HistoryOptions = {},
): Promise<{ readonly history: History; readonly approvals: number }> {
  const notBefore = lately
    ? Prisma.sql`${lately.clock.now} - ${lately.seconds} * interval '1 second'`
    : Prisma.sql`'-infinity'::timestamptz`;
  // Each part is read from the end of an index, so the cost does not grow with the past.
  const [row] = await db.$queryRaw<unknown[]>`
    select
      coalesce((select approvals from requesters where person_id = ${person}), 0) as approvals,
      (select coalesce(json_agg(json_build_object('resource', resource, 'role', role, 'rule', coalesce(rule, ''),
                'since', ${milliseconds("held_since")}, 'until', ${milliseconds("held_until")})), '[]')
       from (
         (select number, resource, role, rule, held_since, held_until from access_requests
          where requester_person = ${person} and is_held and id is distinct from ${exceptId ?? null}::uuid
          order by number desc limit ${maxEntries})
         union all
         (select number, resource, role, rule, held_since, held_until from access_requests
          where requester_person = ${person} and held_until >= ${notBefore} and id is distinct from ${exceptId ?? null}::uuid
          order by held_until desc, number desc limit ${maxEntries})
         order by held_until desc nulls first, number desc
         limit ${maxEntries}) held) as grants,
      (select coalesce(json_agg(json_build_object('resource', resource, 'role', role, 'at', ${milliseconds("closed_at")})), '[]')
       from (
         select resource, role, closed_at from access_requests
         where requester_person = ${person} and status in ('denied', 'refused')
         order by number desc limit ${lately ? 0 : maxEntries}) denied) as denials`;
  const { approvals, grants, denials } = HistoryRow.parse(row);
  return {
    approvals,
    history: {
      grants: grants.map(({ since, until, ...access }) => ({
        ...access,
        startedAt: since,
        ...(until === null ? {} : { endedAt: until }),
      })),
      denials,
    },
  };
}

const milliseconds = (column: "held_since" | "held_until" | "closed_at"): Prisma.Sql =>
  Prisma.raw(`(extract(epoch from ${column}) * 1000)::bigint`);
