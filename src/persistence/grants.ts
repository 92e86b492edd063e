import { z } from "zod";
import type { Grant } from "../domain/grant.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";

const Keeper = z.object({
  requestId: z.string(),
  number: z.number(),
  grantId: z.string(),
  status: z.enum(["granting", "active"]),
});
const KeeperOf = Keeper.extend({ endingId: z.string() });
/** A live grant that gives the same person the same thing as another one. */
export type Keeper = Readonly<z.infer<typeof Keeper>>;

/**
 * For each grant the live one that gives the same person the same thing, the one that lasts longest; `undefined` when nothing
 * else does. What is itself ending, or should be, keeps nothing.
 */
export async function findKeepers(
  db: PrismaClient,
  clock: Clock,
  grants: readonly Grant[],
): Promise<readonly (Keeper | undefined)[]> {
  const asked = grants.map(({ id, provider, subject, target }) => ({ id, provider, subject, target }));
  const rows = await db.$queryRaw<unknown[]>`
    select a.id as "endingId", k.*
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(id uuid, provider text, subject text, target jsonb),
    lateral (
      select r.id as "requestId", r.number, g.id as "grantId", g.status
      from grants g join access_requests r on r.id = g.request_id
      where g.provider = a.provider and g.subject = a.subject and g.target = a.target
        and (g.status = 'granting' or (g.status = 'active' and g.expires_at > ${clock.now}))
        and g.id <> a.id
      order by g.expires_at desc nulls last limit 1) k`;
  const keepers = new Map(
    z
      .array(KeeperOf)
      .parse(rows)
      .map(({ endingId, ...keeper }) => [endingId, keeper]),
  );
  return grants.map(({ id }) => keepers.get(id));
}

/** The same for one. */
export async function findKeeper(db: PrismaClient, clock: Clock, grant: Grant): Promise<Keeper | undefined> {
  const [keeper] = await findKeepers(db, clock, [grant]);
  return keeper;
}

/**
 * Whether what a person holds is their own, as far as other grants of ours tell: one that found it there before says so, any
 * other that is not proven gone may be why they hold it. `unknown` where there is no other.
 */
export async function whoseIsIt(
  db: PrismaClient,
  grant: Pick<Grant, "id" | "provider" | "subject" | "target">,
): Promise<"theirs" | "ours" | "unknown"> {
  const rows = await db.$queryRaw<{ isStanding: boolean }[]>`
    select g.is_standing as "isStanding" from grants g
    where g.provider = ${grant.provider} and g.subject = ${grant.subject}
      and g.target = ${JSON.stringify(grant.target)}::jsonb
      and g.status <> 'revoked' and g.id <> ${grant.id}::uuid
    order by g.is_standing desc limit 1`;
  const [other] = rows;
  if (!other) return "unknown";
  return other.isStanding ? "theirs" : "ours";
}

/**
 * Somebody else who holds access in the same provider under the same name; `undefined` when nobody does. One's grant
 * would be the other's access, and one's end would take the other's away.
 */
export async function findNamesake(db: PrismaClient, grant: Grant): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ email: string }[]>`
    select r.requester_email as email from grants g join access_requests r on r.id = g.request_id
    where g.provider = ${grant.provider} and g.subject = ${grant.subject}
      and g.status in ('granting', 'active', 'revoking')
      and r.requester_person <> (select requester_person from access_requests where id = ${grant.requestId}::uuid)
    order by g.id limit 1`;
  return rows[0]?.email;
}
