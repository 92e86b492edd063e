import fc from "fast-check";
import { type ApprovalPast, approvalFlagsOf } from "../../src/domain/request/approval-anomalies.ts";

const nothing: ApprovalPast = {
  resource: "orders-db",
  forResource: { all: 0, byApprover: 0 },
  forRequester: { all: 0, byApprover: 0 },
  lately: { byApprover: 0, byRequester: 0 },
};

const table: readonly (readonly [string, Partial<ApprovalPast>, readonly string[]])[] = [
  ["the first approvals of all", {}, []],
  ["seven are too few to be new to", { forResource: { all: 7, byApprover: 0 } }, []],
  [
    "somebody new to the resource",
    { forResource: { all: 8, byApprover: 0 } },
    ["the approver approved none of the last 8 that were approved for orders-db"],
  ],
  [
    "somebody new to both",
    { forResource: { all: 40, byApprover: 0 }, forRequester: { all: 12, byApprover: 0 } },
    [
      "the approver approved none of the last 40 that were approved for orders-db, nor of the last 12 that were approved for this requester",
    ],
  ],
  ["once is not new", { forResource: { all: 500, byApprover: 1 } }, []],
  [
    "each approves the other",
    { lately: { byApprover: 2, byRequester: 3 } },
    [
      "in 30 days the approver approved 3 requests of the requester, this one included, and the requester 3 of the approver",
    ],
  ],
  ["two each way is a small team", { lately: { byApprover: 1, byRequester: 2 } }, []],
  ["one approves much, the other little", { lately: { byApprover: 40, byRequester: 2 } }, []],
];

it.each(table)("%s", (_, past, expected) => {
  expect(approvalFlagsOf({ ...nothing, ...past }).map(({ why }) => why)).toEqual(expected);
});

it("whoever has approved before is not new, and their approvals are one-sided until both have", () => {
  const some = fc.integer({ min: 1, max: 500 });
  fc.assert(
    fc.property(some, some, some, (all, byApprover, lately) => {
      const count = { all, byApprover: Math.min(all, byApprover) };
      const past = { ...nothing, forResource: count, forRequester: count };
      expect(approvalFlagsOf({ ...past, lately: { byApprover: lately, byRequester: 0 } })).toEqual([]);
      expect(approvalFlagsOf({ ...past, lately: { byApprover: 0, byRequester: lately } })).toEqual([]);
    }),
  );
});
