import { z } from "zod";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { History } from "../policy/history.ts";

/** What is live comes first, so that it is never cut off. */
const maxEntries = 200;

const instant = z.coerce.date();
const GrantRow = z.object({
  resource: z.string(),
  role: z.string(),
  rule: z.string(),
  started_at: instant,
  ended_at: instant.nullable(),
});
const HeldRow = z.object({ approvals: z.number(), grants: z.array(GrantRow) });
const DenialRow = z.object({ resource: z.string(), role: z.string(), at: instant });

/**
 * What a person held, holds and was denied, by other requests than `exceptId`. Whatever is not proven gone counts as held,
 * and so does what was approved and not started yet; what failed was never held.
 * `approvals`: how often they were given access by then (see `countApproval`).
 */
export async function readHistory(
  db: PrismaClient,
  person: number,
  exceptId?: string,
): Promise<{ readonly history: History; readonly approvals: number }> {
  const [held, denials] = await Promise.all([
    db.$queryRaw<unknown[]>`
      select coalesce((select approvals from requesters where person_id = ${person}), 0) as approvals,
             coalesce(jsonb_agg(to_jsonb(g) order by g.ended_at desc nulls first, g.number desc), '[]') as grants
      from (
        select r.number, r.resource, r.role, coalesce(r.rule, '') as rule,
               coalesce(min(g.active_at), r.closed_at) as started_at,
               case when count(g.id) > 0 and bool_and(g.status = 'revoked') then max(g.revoked_at) end as ended_at
        from access_requests r
        left join grants g on g.request_id = r.id and not (g.status = 'revoked' and g.revoke_reason = 'failed')
        where r.requester_person = ${person} and r.status = 'approved' and r.terms -> 'extends' is null
          and r.id is distinct from ${exceptId ?? null}::uuid
          and (g.id is not null or not exists (select from grants where request_id = r.id))
        group by r.id
        order by ended_at desc nulls first, r.number desc
        limit ${maxEntries}) g`,
    db.$queryRaw<unknown[]>`
      select resource, role, closed_at as at
      from access_requests
      where requester_person = ${person} and status in ('denied', 'refused')
      order by number desc
      limit ${maxEntries}`,
  ]);
  const { grants, approvals } = HeldRow.parse(held[0]);
  return {
    approvals,
    history: {
      grants: grants.map(({ resource, role, rule, started_at, ended_at }) => ({
        resource,
        role,
        rule,
        startedAt: started_at,
        ...(ended_at === null ? {} : { endedAt: ended_at }),
      })),
      denials: z.array(DenialRow).parse(denials),
    },
  };
}
