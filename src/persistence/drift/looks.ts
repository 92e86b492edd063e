import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../database/clock.ts";

/** Lease of a look: one that a killed process had claimed can be claimed again after this. */
export const lookLeaseSeconds = 60;

// Leases use the server's time, not the movable clock, which somebody may advance during the look.
const leaseEnd = Prisma.sql`statement_timestamp() + ${lookLeaseSeconds} * interval '1 second'`;

/** Claims the providers that are due for a look; nobody else gets them meanwhile. */
export async function claimLooks(
  db: PrismaClient,
  clock: Clock,
  providers: readonly string[],
  { by, everySeconds }: { readonly by: string; readonly everySeconds: number },
): Promise<readonly string[]> {
  const rows = await db.$queryRaw<{ provider: string }[]>`
    insert into drift_looks as l (provider, begun_at, claimed_by, claimed_until)
    select p, ${clock.now}, ${by}::uuid, ${leaseEnd} from unnest(${providers}::text[]) p order by p
    on conflict (provider) do update
    set begun_at = excluded.begun_at, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
    where (l.claimed_until is null or l.claimed_until < statement_timestamp())
      and (l.looked_at is null or l.looked_at < l.begun_at
        or l.begun_at <= ${clock.now} - ${everySeconds} * interval '1 second')
    returning l.provider`;
  return rows.map(({ provider }) => provider);
}

/** Renews the lease of a look; false when it took so long that another process has it. */
export async function renewLook(db: PrismaClient, provider: string, by: string): Promise<boolean> {
  const renewed = await db.$executeRaw`
    update drift_looks set claimed_until = ${leaseEnd} where provider = ${provider} and claimed_by = ${by}::uuid`;
  return renewed > 0;
}

/** Ends a look. `trouble`: why the provider could not be read, or not completely. */
export async function endLook(
  db: PrismaClient,
  clock: Clock,
  provider: string,
  { by, trouble }: { readonly by: string; readonly trouble: string | undefined },
): Promise<void> {
  await db.$executeRaw`
    update drift_looks
    set looked_at = greatest(begun_at, ${clock.now}), claimed_by = null, claimed_until = null, trouble = ${trouble ?? null}
    where provider = ${provider} and claimed_by = ${by}::uuid`;
}

/** Deletes the looks of providers in which nothing is guarded any more. */
export async function forgetLooks(db: PrismaClient, guarded: readonly string[]): Promise<void> {
  await db.$executeRaw`
    delete from drift_looks
    where provider <> all (${guarded}::text[]) and (claimed_until is null or claimed_until < statement_timestamp())`;
}
