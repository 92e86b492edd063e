import { z } from "zod";
import { saying } from "../personal-fields.ts";

/** Kinds of unusual approval. */
export const approvalAnomalyKinds = ["new_approver", "mutual_approvals"] as const;
export type ApprovalAnomalyKind = (typeof approvalAnomalyKinds)[number];

export const approvalAnomalyTitles: Readonly<Record<ApprovalAnomalyKind, string>> = {
  new_approver: "New approver",
  mutual_approvals: "They approve one another",
};

/** An unusual approval in words, with figures that name nobody. Never used to decide. */
export const ApprovalFlag = z.object({ kind: z.enum(approvalAnomalyKinds), why: saying.plain });
export type ApprovalFlag = Readonly<z.infer<typeof ApprovalFlag>>;

/** Counts of requests approved earlier, without the one approved now: all of them, and those approved by one person. */
export type ApprovalPast = {
  readonly resource: string;
  readonly forResource: { readonly all: number; readonly byApprover: number };
  readonly forRequester: { readonly all: number; readonly byApprover: number };
  /** Within `mutualDays`: how many of the requester's requests the approver approved, and the other way round. */
  readonly lately: { readonly byApprover: number; readonly byRequester: number };
};

/** While few requests have been approved, every approver is new. */
const minApprovals = 8;
/** How far back mutual approvals count. */
export const mutualDays = 30;
/** In a small team, two people approve each other's requests now and then. */
const minEachWay = 3;

/** Finds what is unusual about an approval compared with earlier ones, by counting. */
export function approvalFlagsOf(past: ApprovalPast): readonly ApprovalFlag[] {
  return [newApprover(past), mutualApprovals(past)].filter((flag) => flag !== undefined);
}

function newApprover({ resource, forResource, forRequester }: ApprovalPast): ApprovalFlag | undefined {
  const isNew = ({ all, byApprover }: ApprovalPast["forResource"]): boolean =>
    all >= minApprovals && byApprover === 0;
  const parts = [
    ...(isNew(forResource) ? [`the last ${forResource.all} that were approved for ${resource}`] : []),
    ...(isNew(forRequester) ? [`the last ${forRequester.all} that were approved for this requester`] : []),
  ];
  if (parts.length === 0) return undefined;
  return { kind: "new_approver", why: `the approver approved none of ${parts.join(", nor of ")}` };
}

function mutualApprovals({ lately }: ApprovalPast): ApprovalFlag | undefined {
  const byApprover = lately.byApprover + 1;
  const { byRequester } = lately;
  if (byApprover < minEachWay || byRequester < minEachWay) return undefined;
  const why = `in ${mutualDays} days the approver approved ${byApprover} requests of the requester, this one included, and the requester ${byRequester} of the approver`;
  return { kind: "mutual_approvals", why };
}
