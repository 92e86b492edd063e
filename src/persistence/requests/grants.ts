import { z } from "zod";
import type { Grant } from "../../domain/grant/grant.ts";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";

const Overlapping = z.object({
  requestId: z.string(),
  number: z.number(),
  grantId: z.string(),
  status: z.enum(["granting", "active"]),
  askedAt: z.coerce.date().nullable(),
  isVanished: z.boolean(),
});
const OverlappingOf = Overlapping.extend({ endingId: z.string() });
/** A live grant that gives the same person the same access as another one. */
export type Overlapping = Readonly<z.infer<typeof Overlapping>>;

/**
 * Whether the grants `g` and `a` are of the same access: by the system's own ids where both have them, whichever
 * provider of the policy leads there and whatever it calls them; else by the names they were asked with.
 */
const isSameAccess = Prisma.sql`
  ((g.system = a.system and g.subject_id = a.subject_id and g.target_id = a.target_id)
    or ((g.system is null or a.system is null)
      and g.provider = a.provider and g.subject = a.subject and g.target = a.target))`;

/** A grant as `isSameAccess` compares it. */
type Compared = Pick<Grant, "id" | "provider" | "subject" | "target" | "ids" | "isStanding">;

function comparedRow({ id, provider, subject, target, ids, isStanding }: Compared): object {
  const { system, subjectId, targetId } = ids ?? {};
  return {
    id,
    provider,
    subject,
    target,
    system,
    subject_id: subjectId,
    target_id: targetId,
    is_standing: isStanding === true,
  };
}

const compared = (grants: readonly Compared[]): Prisma.Sql => Prisma.sql`
  jsonb_to_recordset(${JSON.stringify(grants.map(comparedRow))}::jsonb) as a(
    id uuid, provider text, subject text, target jsonb, system text, subject_id text, target_id text, is_standing boolean)`;

/**
 * Finds for each grant the grant that overlaps it: the longest-lasting other live grant of the same access; `undefined` when there is
 * none. A grant that is itself ending, or should be, does not count.
 */
export async function findOverlappingOf(
  db: PrismaClient,
  clock: Clock,
  grants: readonly Grant[],
): Promise<readonly (Overlapping | undefined)[]> {
  const rows = await db.$queryRaw<unknown[]>`
    select a.id as "endingId", k.*
    from ${compared(grants)},
    lateral (
      select r.id as "requestId", r.number, g.id as "grantId", g.status, g.asked_at as "askedAt",
             g.vanished_at is not null as "isVanished"
      from grants g join access_requests r on r.id = g.request_id
      where ${isSameAccess}
        and (g.status = 'granting' or (g.status = 'active' and g.expires_at > ${clock.now}))
        and g.id <> a.id
        -- Whoever held it before keeps that by themselves, and its end takes nothing: what was added since must not be left to it.
        and (a.is_standing or not g.is_standing)
      order by g.expires_at desc nulls last limit 1) k`;
  const found = new Map(
    z
      .array(OverlappingOf)
      .parse(rows)
      .map(({ endingId, ...overlapping }) => [endingId, overlapping]),
  );
  return grants.map(({ id }) => found.get(id));
}

/** Finds the grant that overlaps this one. */
export async function findOverlapping(
  db: PrismaClient,
  clock: Clock,
  grant: Grant,
): Promise<Overlapping | undefined> {
  const [overlapping] = await findOverlappingOf(db, clock, [grant]);
  return overlapping;
}

/** Another grant of the same access that was asked for and is not proven gone: what the person holds may come from it. */
export type Sibling = {
  /** It found that the person held the access before, by a right of their own. */
  readonly isStanding: boolean;
  /** Its record of what it added; another grant of the same access adds nothing more. */
  readonly state: Readonly<Record<string, unknown>> | undefined;
  /** Whether it stores the system's ids; a grant without them is from before grants had any, and its state is of no use. */
  readonly hasIds: boolean;
};

/** Finds a sibling, preferably one that has added something; `undefined` when there is none. */
export async function findSibling(db: PrismaClient, grant: Compared): Promise<Sibling | undefined> {
  const rows = await db.$queryRaw<(Omit<Sibling, "state"> & { state: Sibling["state"] | null })[]>`
    select g.is_standing as "isStanding", g.state, g.system is not null as "hasIds" from ${compared([grant])} join grants g on ${isSameAccess}
    where g.status <> 'revoked' and g.asked_at is not null and g.id <> a.id
    order by g.is_standing, g.system is null limit 1`;
  const [other] = rows;
  return other && { ...other, state: other.state ?? undefined };
}

/**
 * Finds somebody else who holds access in the same system as the same subject; `undefined` when nobody does. One
 * person's grant would also be the other's access, and its end would take the other's away. `askedAt`: when this grant
 * was asked for; only grants that were asked for before it count.
 */
export async function findNamesake(
  db: PrismaClient,
  grant: Compared & Pick<Grant, "requestId">,
  askedAt?: Date,
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ email: string }[]>`
    select r.requester_email as email
    from ${compared([grant])} join grants g on
      (g.system = a.system and g.subject_id = a.subject_id)
      or ((g.system is null or a.system is null) and g.provider = a.provider and g.subject = a.subject)
    join access_requests r on r.id = g.request_id
    where g.status in ('granting', 'active', 'revoking')
      and r.requester_person <> (select requester_person from access_requests where id = ${grant.requestId}::uuid)
      ${askedAt === undefined ? Prisma.empty : Prisma.sql`and (g.asked_at, g.id) < (${askedAt}::timestamptz, a.id)`}
    order by g.id limit 1`;
  return rows[0]?.email;
}

/** Reads the systems with live access, the provider of the policy it was granted through, and its requests. */
export async function readLiveSystems(
  db: PrismaClient,
): Promise<
  readonly { readonly provider: string; readonly system: string; readonly requests: readonly string[] }[]
> {
  return db.$queryRaw`
    select g.provider, g.system, array_agg(distinct 'AR-' || r.number) as requests
    from grants g join access_requests r on r.id = g.request_id
    where g.system is not null and g.status in ('granting', 'active', 'revoking')
    group by 1, 2 order by 1, 2`;
}

/** Finds the request of a grant; `undefined` when there is no such grant. */
export async function findRequestOfGrant(db: PrismaClient, grantId: string): Promise<string | undefined> {
  const found = await db.grant.findUnique({ where: { id: grantId }, select: { requestId: true } });
  return found?.requestId;
}

/** Whether another grant of the same access was asked for since, so that the provider has replaced what it had handed over. */
export async function wasAskedSince(db: PrismaClient, grant: Compared, since: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    select 1 from ${compared([grant])} join grants g on ${isSameAccess}
    where g.id <> a.id and g.asked_at > ${since}::timestamptz limit 1`;
  return rows.length > 0;
}
