import { z } from "zod";
import { RequestFlag } from "../../src/domain/request/anomalies.ts";
import { ApprovalFlag } from "../../src/domain/request/approval-anomalies.ts";
import type { PrismaClient } from "../../src/generated/prisma/client.ts";

const Row = z.object({
  number: z.number(),
  requester: z.string(),
  resource: z.string(),
  role: z.string(),
  at: z.coerce.date(),
  /** Whose approval it was, where it is the approval that is unusual. */
  approver: z.string().nullable(),
  kind: z.union([RequestFlag.shape.kind, ApprovalFlag.shape.kind]),
  why: z.string(),
});
type Row = z.infer<typeof Row>;

/** One request and all that was found unusual about it and its approvals. */
export type FlaggedRequest = Pick<Row, "number" | "requester" | "resource" | "role"> & {
  readonly flags: readonly Pick<Row, "at" | "kind" | "why" | "approver">[];
};

/** What was found unusual from one moment until another, as the audit has it; in the order of the requests. */
export async function readFlagged(
  db: PrismaClient,
  { from, until }: { readonly from: Date; readonly until: Date },
): Promise<readonly FlaggedRequest[]> {
  const rows = z.array(Row).parse(
    await db.$queryRaw`
      select coalesce(a.request_number, r.number) as number, r.requester_email as requester, r.resource, r.role, a.at,
             r.decisions -> (a.data ->> 'decision')::int ->> 'email' as approver,
             f.flag ->> 'kind' as kind, f.flag ->> 'why' as why
      from audit_events a
      join access_requests r on r.id = a.request_id
      cross join jsonb_array_elements(a.data -> 'flags') with ordinality as f(flag, place)
      where a.type in ('request.flagged', 'approval.flagged') and a.at >= ${from} and a.at < ${until}
      order by 1, a.seq, f.place`,
  );
  const byNumber = new Map<number, FlaggedRequest>();
  for (const { number, requester, resource, role, ...flag } of rows) {
    const flags = byNumber.get(number)?.flags ?? [];
    byNumber.set(number, { number, requester, resource, role, flags: [...flags, flag] });
  }
  return [...byNumber.values()];
}
