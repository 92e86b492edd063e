import type { AccessRequest } from "../domain/request.ts";
import { Prisma } from "../generated/prisma/client.ts";

/**
 * Part of a statement that files a request: `pending` has a row with how many of the requester's wait (`waiting`) and the number of one
 * that asks for the very same (`same`), and until the statement is over no other of theirs is filed.
 */
export function countPending(request: AccessRequest): Prisma.Sql {
  const { requester, resource, role, durationSeconds, reason, ticket, planned } = request;
  const typed = JSON.stringify(planned.flatMap(({ input }) => (input ? [input] : [])));
  return Prisma.sql`
    pending as materialized (
      select waiting, same from hallpass_pending_of(
        ${requester.id}, ${resource}, ${role}, ${durationSeconds}, ${reason}, ${ticket ?? null}, ${typed}::jsonb)),`;
}
