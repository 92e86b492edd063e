import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { committing } from "../../crash-point.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import { type Finding, findingOutcomes, type FindingOutcome } from "../../domain/drift/drift.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";
import { type EventRow, insertEvents, withEventRows } from "../requests/event-rows.ts";

/** The access a finding is about. */
export type FindingAbout = {
  readonly provider: string;
  readonly subject: string;
  readonly target: unknown;
  /** Each `resource:role` that means this target. */
  readonly access: readonly string[];
  /** The people the policy knows by this subject. */
  readonly people: readonly string[];
};

type Noted = Pick<Finding, "kind" | "outcome" | "detail">;

/** Lease of a removal: how long a provider has for it before another process may try. */
const removingSeconds = 60;

/** Stores a new finding, with its event; `undefined` when another process was first. */
export async function openFinding(
  db: PrismaClient,
  clock: Clock,
  about: FindingAbout,
  { kind, outcome, detail }: Noted,
  event?: AuditEvent,
): Promise<string | undefined> {
  const rows = await withLogged(db, event, about, (logged) =>
    committing(
      "finding",
      () => db.$queryRaw<{ id: string }[]>`
    with changed as (
      insert into drift_findings (
        id, provider, subject, target, kind, outcome, detail, access, people, first_seen_at, last_seen_at)
      values (
        ${uuidv7()}::uuid, ${about.provider}, ${about.subject}, ${JSON.stringify(about.target)}::jsonb, ${kind}, ${outcome},
        ${detail ?? null}, ${JSON.stringify(about.access)}::jsonb, ${JSON.stringify(about.people)}::jsonb, ${clock.now},
        ${clock.now})
      on conflict do nothing
      returning id)
    ${logged}
    select id::text from changed`,
    ),
  );
  return rows[0]?.id;
}

/**
 * Changes a finding, with its event; writes nothing if its outcome is no longer the given one (lost race). `removal`:
 * the caller's own removal, which ends with this; another's goes on unless the finding is resolved.
 */
export async function changeFinding(
  db: PrismaClient,
  clock: Clock,
  about: FindingAbout,
  { id, outcome: before }: Pick<Finding, "id" | "outcome">,
  change: Noted & { readonly isResolved?: boolean; readonly removal?: Removal | undefined },
  event?: AuditEvent,
): Promise<boolean> {
  const rows = await withLogged(db, event, about, (logged) =>
    committing(
      "finding",
      () => db.$queryRaw<unknown[]>`
    with changed as (
      update drift_findings
      set kind = ${change.kind}, outcome = ${change.outcome}, detail = ${change.detail ?? null},
          removing_until = case
            when ${change.isResolved !== true} and removing_until is distinct from ${change.removal?.until ?? null}::timestamptz
              and removing_until > statement_timestamp()
            then removing_until end,
          resolved_at = case when ${change.isResolved === true} then ${clock.now} end
      where id = ${id}::uuid and outcome = ${before} and resolved_at is null
      returning id)
    ${logged}
    select id from changed`,
    ),
  );
  return rows.length > 0;
}

/** Updates when these findings were last seen. */
export async function touchFindings(db: PrismaClient, clock: Clock, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.$executeRaw`update drift_findings set last_seen_at = ${clock.now} where id = any (${ids}::uuid[])`;
}

/** A claim on a removal, identified by when its lease ends. */
export type Removal = { readonly until: Date };

/**
 * Claims the removal of what was found: from now on no grant of the same access is made. `undefined` when another
 * process holds it, or the finding is resolved.
 */
export async function beginRemoval(db: PrismaClient, id: string): Promise<Removal | undefined> {
  const begun = await db.$queryRaw<Removal[]>`
    update drift_findings set removing_until = statement_timestamp() + ${removingSeconds} * interval '1 second'
    where id = ${id}::uuid and resolved_at is null
      and (removing_until is null or removing_until < statement_timestamp())
    returning removing_until as until`;
  return begun[0];
}

/** Releases a removal that did not happen; leaves another process's later claim alone. */
export async function dropRemoval(db: PrismaClient, id: string, { until }: Removal): Promise<void> {
  await db.driftFinding.updateMany({ where: { id, removingUntil: until }, data: { removingUntil: null } });
}

/** Whether this access is being removed right now because nobody granted it. */
export async function isBeingRemoved(
  db: PrismaClient,
  { provider, subject, target }: Pick<FindingAbout, "provider" | "subject" | "target">,
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    select from drift_findings
    where provider = ${provider} and subject = ${subject} and target = ${JSON.stringify(target)}::jsonb
      and resolved_at is null and removing_until > statement_timestamp()`;
  return rows.length > 0;
}

/** Resolves the findings of targets that are no longer guarded. */
export async function closeUnguarded(
  db: PrismaClient,
  clock: Clock,
  guarded: readonly Pick<FindingAbout, "provider" | "target">[],
): Promise<void> {
  await db.$executeRaw`
    update drift_findings f set resolved_at = ${clock.now}
    where f.resolved_at is null and not exists (
      select from jsonb_to_recordset(${JSON.stringify(guarded)}::jsonb) as g(provider text, target jsonb)
      where g.provider = f.provider and g.target = f.target)`;
}

const UntoldFinding = z.object({
  id: z.string(),
  provider: z.string(),
  subject: z.string(),
  access: z.array(z.string()),
  people: z.array(z.string()),
  outcome: z.enum(findingOutcomes),
  detail: z.string().nullable(),
  firstSeenAt: z.coerce.date(),
});
/** A finding whose outcome the alerts channel has not been told. */
export type UntoldFinding = z.infer<typeof UntoldFinding>;

/** Reads a provider's findings that the alerts channel has not been told, oldest first. */
export async function findUntold(db: PrismaClient, provider: string): Promise<readonly UntoldFinding[]> {
  const rows = await db.$queryRaw`
    select id::text, provider, subject, access, people, outcome, detail, first_seen_at as "firstSeenAt"
    from drift_findings
    where provider = ${provider} and (
      (resolved_at is null and told is null and outcome in ('reported', 'failing', 'spared'))
      or (resolved_at is null and told = 'reported' and outcome in ('failing', 'spared'))
      or (outcome = 'removed' and told is distinct from 'removed'))
    order by first_seen_at, subject`;
  return z.array(UntoldFinding).parse(rows);
}

/** Marks these findings as told to the alerts channel. */
export async function markTold(
  db: PrismaClient,
  clock: Clock,
  told: readonly { readonly id: string; readonly outcome: FindingOutcome }[],
): Promise<void> {
  await db.$executeRaw`
    update drift_findings f set told = t.outcome, told_at = ${clock.now}
    from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as t(id uuid, outcome text)
    where f.id = t.id`;
}

/**
 * Runs `write` with SQL that records the event under the first resource it is about, so that the audit can be searched
 * by it.
 */
function withLogged<T>(
  db: PrismaClient,
  event: AuditEvent | undefined,
  { access }: FindingAbout,
  write: (logged: Prisma.Sql) => Promise<T>,
): Promise<T> {
  const [resource, role] = access[0]?.split(":") ?? [];
  const place = { from: Prisma.sql`changed` };
  return withEventRows(db, event ? [event] : [], undefined, (rows, insist) => {
    const placed = rows.map((row): EventRow => ({ ...row, resource, role }));
    return write(
      placed.length === 0 ? Prisma.empty : Prisma.sql`, logged as (${insertEvents(placed, insist, place)})`,
    );
  });
}
