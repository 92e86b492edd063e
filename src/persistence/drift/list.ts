import { z } from "zod";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";

const driftKinds = ["unknown", "reappeared", "vanished"] as const;
const ListedDrift = z.object({
  kind: z.enum(driftKinds),
  provider: z.string(),
  subject: z.string(),
  access: z.array(z.string()),
  /** The people the policy knows by this subject, or the person whose grant it is. */
  people: z.array(z.string()),
  /** The number of the grant's request. */
  number: z.number().nullable(),
  since: z.coerce.date(),
  /** What was done about it. */
  outcome: z.string(),
  detail: z.string().nullable(),
});
/** A difference between a provider and what should be there. */
export type ListedDrift = z.infer<typeof ListedDrift>;

// Drift of grants is read from the grants, access that nobody gave from the findings; nothing is stored twice.
const openDrift = Prisma.sql`
  select 'unknown' as kind, f.provider, f.subject, f.access, f.people, null::int as number, f.first_seen_at as since,
         f.outcome, f.detail
  from drift_findings f where f.resolved_at is null and f.kind = 'unknown' and f.outcome <> 'ignored'
  union all
  select case g.status when 'active' then 'vanished' else 'reappeared' end, g.provider, g.subject,
         jsonb_build_array(coalesce(
           (select p ->> 'access' from jsonb_array_elements(r.planned) p where p ->> 'grantId' = g.id::text),
           r.resource || ':' || r.role)),
         jsonb_build_array(r.requester_email), r.number,
         coalesce(g.vanished_at, (select max(a.at) from audit_events a
           where a.request_id = r.id and a.grant_id = g.id and a.type in ('grant.reappeared', 'grant.landed_late'))),
         case g.status when 'active' then 'told' else 'removing' end, g.last_error
  from grants g join access_requests r on r.id = g.request_id
  where (g.status = 'active' and g.vanished_at is not null)
     or (g.status = 'revoking' and g.revoke_reason = 'drift')`;

/** Lists all open drift, the oldest first. */
export async function listDrift(db: PrismaClient): Promise<readonly ListedDrift[]> {
  return z
    .array(ListedDrift)
    .parse(await db.$queryRaw`select * from (${openDrift}) d order by since, provider, subject`);
}

/** The last look at a provider. */
export type DriftLook = {
  readonly provider: string;
  /** Absent while the first look is not over. */
  readonly lookedAt: Date | null;
  /** Why it could not be read, in the provider's words. */
  readonly trouble: string | null;
};

export function listDriftLooks(db: PrismaClient): Promise<readonly DriftLook[]> {
  return db.driftLook.findMany({
    select: { provider: true, lookedAt: true, trouble: true },
    orderBy: { provider: "asc" },
  });
}

/** The number of each kind, and the providers that could not be read at the last look. */
export type DriftSummary = {
  readonly counts: Readonly<Record<ListedDrift["kind"], number>>;
  readonly troubled: readonly string[];
};

export async function summariseDrift(db: PrismaClient): Promise<DriftSummary> {
  const rows = await db.$queryRaw<{ kind: ListedDrift["kind"]; count: number }[]>`
    select kind, count(*)::int as count from (${openDrift}) d group by kind`;
  const troubled = await db.driftLook.findMany({
    where: { trouble: { not: null } },
    select: { provider: true },
    orderBy: { provider: "asc" },
  });
  const counts = { unknown: 0, reappeared: 0, vanished: 0 };
  for (const { kind, count } of rows) counts[kind] = count;
  return { counts, troubled: troubled.map(({ provider }) => provider) };
}
