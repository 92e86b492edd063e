import { z } from "zod";
import { type Compared, type Finding, findingOutcomes, type Holding } from "../../domain/drift/drift.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { GrantRow } from "../requests/grant-columns.ts";

/** Who should have a target and what is known about it: everything except what the provider reports. */
export type Should = Omit<Compared, "holders" | "handling">;

const instant = z.coerce.date();
const FindingRow = z
  .object({
    id: z.string(),
    subject: z.string(),
    kind: z.enum(["unknown", "standing"]),
    outcome: z.enum(findingOutcomes),
    detail: z.string().nullable(),
    removing_until: z.string().nullable(),
    resolved_at: instant.nullable(),
  })
  .transform(
    ({ id, subject, kind, outcome, detail, removing_until: until, resolved_at: goneAt }): Finding => ({
      id,
      subject,
      kind,
      outcome,
      ...(detail !== null && { detail }),
      ...(until !== null && { removalBegun: true }),
      ...(goneAt && { goneAt }),
    }),
  );
const ShouldRow = z.object({
  grants: z.array(GrantRow),
  elsewhere: z.array(z.string()),
  remembered: z.array(FindingRow),
  now: instant,
});

/** Reads who should have a target, in one statement and so as of one moment. */
export async function readShould(
  db: PrismaClient,
  clock: Clock,
  { provider, target }: { readonly provider: string; readonly target: unknown },
  system: string,
  holders: readonly Holding[],
): Promise<Should> {
  const json = JSON.stringify(target);
  const names = holders.map(({ subject }) => subject);
  const ids = holders.map(({ subjectId }) => subjectId);
  // By the system's ids too, whatever the policy calls the target and whichever provider leads there.
  const isOfTarget = Prisma.sql`(
    (provider = ${provider} and target = ${json}::jsonb and (system is null or system = ${system}))
    or (system = ${system} and target_id = any (${[...new Set(holders.map(({ targetId }) => targetId))]}::text[])))`;
  const [row] = await db.$queryRaw<unknown[]>`
    select
      (select coalesce(jsonb_agg(to_jsonb(g)), '[]') from (
        select * from grants where ${isOfTarget} and status in ('granting', 'active', 'revoking')
        union all
        (select distinct on (coalesce(subject_id, subject), target_id) * from grants
         where ${isOfTarget} and status = 'revoked' and asked_at is not null
           and (subject = any (${names}::text[]) or subject_id = any (${ids}::text[]))
         order by coalesce(subject_id, subject), target_id, revoked_at desc)) g) as grants,
      (select coalesce(jsonb_agg(distinct e.subject), '[]') from grants e
       where e.provider <> ${provider} and e.system is null and e.target = ${json}::jsonb
         and e.status in ('granting', 'active', 'revoking') and e.subject = any (${names}::text[])) as elsewhere,
      (select coalesce(jsonb_agg(to_jsonb(f)), '[]') from (
        select id, subject, kind, outcome, detail, removing_until, resolved_at from drift_findings
        where provider = ${provider} and target = ${json}::jsonb and resolved_at is null
        union all
        (select distinct on (subject) id, subject, kind, outcome, detail, removing_until, resolved_at from drift_findings
         where provider = ${provider} and target = ${json}::jsonb and resolved_at is not null
           and subject = any (${names}::text[])
         order by subject, resolved_at desc)) f) as remembered,
      ${clock.now} as now`;
  const { elsewhere, ...read } = ShouldRow.parse(row);
  return { ...read, elsewhere: new Set(elsewhere) };
}

const LiveTarget = z.object({ provider: z.string(), target: z.unknown(), access: z.string() });

/** Reads the targets of live grants, including those the policy no longer names. */
export async function readLiveTargets(db: PrismaClient): Promise<readonly z.infer<typeof LiveTarget>[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select distinct g.provider, g.target,
      coalesce((select p ->> 'access' from jsonb_array_elements(r.planned) p where p ->> 'grantId' = g.id::text),
               r.resource || ':' || r.role) as access
    from grants g join access_requests r on r.id = g.request_id
    where g.status in ('granting', 'active', 'revoking')`;
  return z.array(LiveTarget).parse(rows);
}
