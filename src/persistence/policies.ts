import type { PrismaClient } from "../generated/prisma/client.ts";

/** Keeps the text of a policy that comes into force, so that decisions taken under it can be replayed. */
export async function storePolicy(
  db: PrismaClient,
  policy: { readonly hash: string; readonly text: string },
): Promise<void> {
  await db.$executeRaw`
    insert into policies (hash, text) values (${policy.hash}, ${policy.text}) on conflict (hash) do nothing`;
}

/** The policies whose hash begins so; two of them at most, which is enough to know that it is not one. */
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
