import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import { termKey } from "./term-key.ts";

type Extensions = { readonly approved: number; readonly pending: number; readonly all: number };

/** Counts the requests to extend this one: the approved, the pending, and all of them. */
export async function countExtensions(
  db: PrismaClient,
  { id, requester }: { readonly id: string; readonly requester: { readonly id: number } },
): Promise<Extensions> {
  // By requester, which has an index: few people have more than some hundred requests.
  const [row] = await db.$queryRaw<Extensions[]>`
    select count(*) filter (where status = 'approved')::int as approved,
           count(*) filter (where status = 'pending')::int as pending,
           count(*)::int as "all"
    from access_requests
    where requester_person = ${requester.id} and terms -> ${Prisma.raw(termKey("extends"))} ->> ${Prisma.raw(termKey("requestId"))} = ${id}`;
  return row ?? { approved: 0, pending: 0, all: 0 };
}
