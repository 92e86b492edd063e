import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "./clock.ts";

/** How long a look lasts without being renewed: what a killed process had in hand is taken up again after this. */
export const lookLeaseSeconds = 60;

// A claim ends by the machine's time, not by a clock that somebody moves on while the look goes on.
const leaseEnd = Prisma.sql`statement_timestamp() + ${lookLeaseSeconds} * interval '1 second'`;

/** Which of these providers are to be looked at now, by whoever asks: nobody else is given them meanwhile. */
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

/** Keeps the look; false when it took so long that somebody else has it. */
export async function renewLook(db: PrismaClient, provider: string, by: string): Promise<boolean> {
  const renewed = await db.$executeRaw`
    update drift_looks set claimed_until = ${leaseEnd} where provider = ${provider} and claimed_by = ${by}::uuid`;
  return renewed > 0;
}

/** The look is over. `trouble`: why the provider could not be asked, or not everything. */
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

/** Forgets the looks at providers that nothing is guarded in any more. */
export async function forgetLooks(db: PrismaClient, guarded: readonly string[]): Promise<void> {
  await db.$executeRaw`
    delete from drift_looks
    where provider <> all (${guarded}::text[]) and (claimed_until is null or claimed_until < statement_timestamp())`;
}
