import { Prisma } from "../../generated/prisma/client.ts";

/**
 * SQL for a statement that gives a person access: `counted` has a row only if nobody has given them access since `seen`
 * approvals were counted, and until the statement ends nobody else does. `seen` absent: their other access makes no
 * difference.
 */
export function countApproval(person: number, seen: number | undefined): Prisma.Sql {
  return Prisma.sql`
    counted as (
      insert into requesters (person_id, approvals) values (${person}, ${(seen ?? 0) + 1})
      on conflict (person_id) do update set approvals = requesters.approvals + 1
      ${seen === undefined ? Prisma.empty : Prisma.sql`where requesters.approvals = ${seen}`}
      returning person_id),`;
}
