import { committing } from "../crash-point.ts";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import { insertEvents, withEventRows } from "./requests/event-rows.ts";

/**
 * Stores a policy that comes into force, and records that; its text is kept so that decisions taken under it can be
 * replayed.
 */
export async function storePolicy(
  db: PrismaClient,
  policy: { readonly hash: string; readonly text: string },
  loaded: AuditEvent,
): Promise<void> {
  await withEventRows(db, [loaded], undefined, (rows, insist) =>
    committing(
      "policy",
      () => db.$executeRaw`
      with kept as (
        insert into policies (hash, text) values (${policy.hash}, ${policy.text}) on conflict (hash) do nothing)
      ${insertEvents(rows, insist)}`,
    ),
  );
}

/** Finds the policies whose hash begins like this; at most two, enough to know that the prefix is ambiguous. */
export async function findPolicies(
  db: PrismaClient,
  hashPrefix: string,
): Promise<readonly { readonly hash: string; readonly text: string }[]> {
  return db.policy.findMany({
    where: { hash: { startsWith: hashPrefix } },
    select: { hash: true, text: true },
    take: 2,
  });
}
