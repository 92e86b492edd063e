import { z } from "zod";
import { saying } from "./personal-fields.ts";

/** What may be unusual about who approved. */
export const approvalAnomalyKinds = ["new_approver", "mutual_approvals"] as const;
export type ApprovalAnomalyKind = (typeof approvalAnomalyKinds)[number];

export const approvalAnomalyTitles: Readonly<Record<ApprovalAnomalyKind, string>> = {
  new_approver: "New approver",
  mutual_approvals: "They approve one another",
};

/** Something unusual about an approval, in words with the figures that name nobody. Nothing is decided by it. */
export const ApprovalFlag = z.object({ kind: z.enum(approvalAnomalyKinds), why: saying.plain });
export type ApprovalFlag = Readonly<z.infer<typeof ApprovalFlag>>;

/** Requests that people approved before, without the one that was approved now; how many there are, and how many by whom. */
export type ApprovalPast = {
  readonly resource: string;
  readonly forResource: { readonly all: number; readonly byApprover: number };
  readonly forRequester: { readonly all: number; readonly byApprover: number };
  /** Within `mutualDays`: the requester's that the approver approved, and the other way round. */
  readonly lately: { readonly byApprover: number; readonly byRequester: number };
};

/** Where few have been approved yet, everybody is new. */
const minApprovals = 8;
/** How far back two people's approvals of one another count. */
export const mutualDays = 30;
/** In a small team two people approve one another now and then. */
const minEachWay = 3;

/** What is unusual about an approval beside earlier ones, by counting. */
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
