import type { AccessRequest } from "../../domain/request/request.ts";
import { Prisma } from "../../generated/prisma/client.ts";

/**
 * SQL for a statement that files a request: `pending` has a row with how many of the requester's requests are pending
 * (`waiting`) and the number of an identical one (`same`). Until the statement ends, no other request of theirs is
 * filed.
 */
export function countPending(request: AccessRequest): Prisma.Sql {
  const { requester, resource, role, durationSeconds, reason, ticket, planned } = request;
  const typed = JSON.stringify(planned.flatMap(({ input }) => (input ? [input] : [])));
  return Prisma.sql`
    pending as materialized (
      select waiting, same from hallpass_pending_of(
        ${requester.id}, ${resource}, ${role}, ${durationSeconds}, ${reason}, ${ticket ?? null}, ${typed}::jsonb)),`;
}
