import type { PrismaClient } from "../generated/prisma/client.ts";

/** Keeps the text of a policy that comes into force, so that decisions taken under it can be replayed. */
export async function storePolicy(
  db: PrismaClient,
  policy: { readonly hash: string; readonly text: string },
): Promise<void> {
  await db.$executeRaw`
    insert into policies (hash, text) values (${policy.hash}, ${policy.text}) on conflict (hash) do nothing`;
}
