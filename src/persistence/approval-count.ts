import { Prisma } from "../generated/prisma/client.ts";

/**
 * Part of a statement that gives `email` access: `counted` has a row only if nobody gave them access since `seen` approvals were
 * counted, and until the statement is over nobody else does. `seen` absent: what they have makes no difference.
 */
export function countApproval(email: string, seen: number | undefined): Prisma.Sql {
  return Prisma.sql`
    counted as (
      insert into requesters (email, approvals) values (${email}, ${(seen ?? 0) + 1})
      on conflict (email) do update set approvals = requesters.approvals + 1
      ${seen === undefined ? Prisma.empty : Prisma.sql`where requesters.approvals = ${seen}`}
      returning email),`;
}
