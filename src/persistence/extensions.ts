import type { PrismaClient } from "../generated/prisma/client.ts";

/** How many requests to extend this one were approved, and how many wait. */
export async function countExtensions(
  db: PrismaClient,
  { id, requester }: { readonly id: string; readonly requester: { readonly email: string } },
): Promise<{ readonly approved: number; readonly pending: number }> {
  // By who asked, which an index finds: few people ask for more than some hundred things.
  const [row] = await db.$queryRaw<{ approved: number; pending: number }[]>`
    select count(*) filter (where status = 'approved')::int as approved,
           count(*) filter (where status = 'pending')::int as pending
    from access_requests
    where requester_email = ${requester.email} and terms -> 'extends' ->> 'requestId' = ${id}`;
  return row ?? { approved: 0, pending: 0 };
}
