import fc from "fast-check";
import { type Authority, awaitedBy, progressOf } from "../../src/domain/request/approvals.ts";
import type { CommandOf, Command, Decision } from "../../src/domain/command.ts";
import { decide } from "../../src/domain/decide.ts";
import type { State } from "../../src/domain/state.ts";
import type { Person } from "../../src/domain/person.ts";
import { firstUnfillable } from "../../src/policy/decide/fill-steps.ts";
import { after, alice, bob, buildRequest, buildState, carol, t0 } from "../support/build.ts";

const dana = { id: 4, email: "dana@example.com", name: "Dana", account: "UDANA" };
const leads = { count: 1, from: ["group:leads"], approvers: [bob.email, carol.email] };
const security = {
  count: 1,
  from: ["group:security"],
  approvers: [carol.email, dana.email],
  notify: [dana.email],
};
const twoSteps = { steps: [leads, security] };

function twoStepState(): State {
  const { terms } = buildRequest();
  return { request: buildRequest({ terms: { ...terms, ...twoSteps } }), grants: [] };
}

type Approve = CommandOf<"approve">;
const approveBy = (by: Person, authority: Authority = twoSteps): Approve => ({
  type: "approve",
  by,
  authority,
  key: `click ${by.email}`,
});
const denyBy = (by: Person): Command => ({ type: "deny", by, authority: twoSteps, reason: "no" });

function accepted(decision: Decision): Extract<Decision, { accepted: true }> {
  if (!decision.accepted) throw new Error(decision.refusal);
  return decision;
}

describe("several steps", () => {
  it("each waits for the one before it, and the last one approves", () => {
    const first = accepted(decide(twoStepState(), approveBy(bob), t0));
    expect(first.next.request.status).toBe("pending");
    expect(first.next.grants).toEqual([]);
    const second = accepted(decide(first.next, approveBy(dana), t0));
    expect(second.next.request.status).toBe("approved");
    expect(second.next.grants).toHaveLength(1);
  });

  it("an approval before its step's turn is refused and does not count", () => {
    const decision = decide(twoStepState(), approveBy(dana), t0);
    expect(decision).toEqual({ accepted: false, refusal: "not_yet_your_step" });
  });

  it("whoever decides any step may deny at once", () => {
    expect(accepted(decide(twoStepState(), denyBy(dana), t0)).next.request.status).toBe("denied");
  });

  it("one person who is in both counts once", () => {
    const first = accepted(decide(twoStepState(), approveBy(carol), t0));
    const again: Command = { ...approveBy(carol), key: "another click" };
    expect(decide(first.next, again, t0)).toEqual({ accepted: false, refusal: "decided_before" });
    expect(accepted(decide(first.next, approveBy(dana), t0)).next.request.status).toBe("approved");
  });

  it("when a step is filled, whoever the next one pings is asked", () => {
    const { events } = accepted(decide(twoStepState(), approveBy(bob), t0));
    expect(events).toEqual([
      expect.objectContaining({
        type: "approval.given",
        data: { name: "Bob", have: 1, needed: 1, step: 1, steps: 2, asks: [dana.email] },
      }),
    ]);
  });

  it("what somebody approved who may not any more has to be approved again, by another", () => {
    const first = accepted(decide(twoStepState(), approveBy(bob), t0));
    const withoutBob = { steps: [{ ...leads, approvers: [carol.email] }, security] };
    const early = decide(first.next, approveBy(dana, withoutBob), t0);
    expect(early).toEqual({ accepted: false, refusal: "not_yet_your_step" });
    const second = accepted(decide(first.next, approveBy(carol, withoutBob), t0));
    expect(second.next.request.status).toBe("pending");
    expect(accepted(decide(second.next, approveBy(dana, withoutBob), t0)).next.request.status).toBe(
      "approved",
    );
  });
});

describe("deadlines", () => {
  const terms = {
    ...buildRequest().terms,
    ...twoSteps,
    remindEverySeconds: 900,
    escalate: { afterSeconds: 1800, to: ["group:on-call"], approvers: ["erin@example.com"] },
  };
  const pending: State = { request: buildRequest({ terms }), grants: [] };

  it("a reminder asks whom the waiting step asks, and owes the next one", () => {
    const { events, effects, next } = accepted(decide(pending, { type: "remind" }, after(900)));
    expect(events).toEqual([
      expect.objectContaining({ type: "request.reminded", data: { asks: leads.approvers } }),
    ]);
    expect(effects).toContainEqual({ kind: "remind_request", dueAt: after(1800) });
    expect(next).toBe(pending);
    const later = accepted(decide(pending, approveBy(bob), t0)).next;
    expect(accepted(decide(later, { type: "remind" }, after(1800))).events).toEqual([
      expect.objectContaining({ data: { asks: [dana.email] } }),
    ]);
  });

  it("an escalation asks the others, not before its time", () => {
    expect(decide(pending, { type: "escalate" }, after(1799))).toEqual({
      accepted: false,
      refusal: "too_early",
    });
    const { events } = accepted(decide(pending, { type: "escalate" }, after(1800)));
    expect(events).toEqual([
      expect.objectContaining({ type: "request.escalated", data: { asks: ["erin@example.com"] } }),
    ]);
  });
});

describe("approved access that its requester starts", () => {
  const terms = { ...buildRequest().terms, startWithinSeconds: 3600 };
  const pending: State = { request: buildRequest({ terms }), grants: [] };
  const leadsOnly = { steps: [leads] };
  const approved = (): Extract<Decision, { accepted: true }> =>
    accepted(decide(pending, { ...approveBy(bob), authority: leadsOnly }, t0));
  const start: Command = { type: "start", by: alice, isAllowed: true };

  it("grants nothing when it is approved, and owes the end of the wait", () => {
    const { next, effects } = approved();
    expect(next.request.status).toBe("approved");
    expect(next.grants).toEqual([]);
    expect(effects).toContainEqual({ kind: "lapse_request", dueAt: after(3600) });
    expect(effects.map(({ kind }) => kind)).not.toContain("grant");
  });

  it("is granted once it is started, once, by the requester and nobody else", () => {
    const { next } = approved();
    expect(decide(next, { ...start, by: bob }, after(60))).toMatchObject({ refusal: "not_requester" });
    const started = accepted(decide(next, start, after(60)));
    expect(started.effects).toContainEqual({
      kind: "grant",
      grantId: started.next.grants[0]?.id,
      dueAt: after(60),
    });
    expect(decide(started.next, start, after(61))).toMatchObject({ refusal: "already_started" });
    expect(decide(started.next, { type: "lapse" }, after(3600))).toMatchObject({
      refusal: "already_started",
    });
  });

  it("is not granted when today's policy would not let it be asked, nor too late", () => {
    const { next } = approved();
    expect(decide(next, { ...start, isAllowed: false }, after(60))).toMatchObject({
      refusal: "policy_changed",
    });
    expect(decide(next, start, after(3600))).toMatchObject({ refusal: "too_late" });
  });

  it("lapses when it is not started in time", () => {
    const { next } = approved();
    expect(decide(next, { type: "lapse" }, after(3599))).toMatchObject({ refusal: "too_early" });
    const lapsed = accepted(decide(next, { type: "lapse" }, after(3600)));
    expect(lapsed.next.request.status).toBe("expired");
    expect(lapsed.next.grants).toEqual([]);
    expect(decide(lapsed.next, start, after(3601))).toMatchObject({ refusal: "already_expired" });
  });
});

describe("break-glass", () => {
  const breakGlass = { from: ["group:security"], reviewers: [dana.email], withinSeconds: 86_400 };
  const taken: State = {
    ...buildState("approved"),
    request: buildRequest({
      status: "approved",
      terms: { ...buildRequest().terms, verdict: "allow", breakGlass },
    }),
  };
  const review = (over: object = {}): Command => ({
    type: "review",
    by: dana,
    verdict: "accept",
    note: "it was down",
    reviewers: [dana.email, alice.email],
    key: "r1",
    ...over,
  });

  it("is reviewed by those who may, never by whoever took it, and once", () => {
    expect(decide(taken, review({ by: alice }), after(60))).toMatchObject({ refusal: "own_request" });
    expect(decide(taken, review({ by: bob }), after(60))).toMatchObject({ refusal: "not_approver" });
    const { next, events } = accepted(decide(taken, review(), after(60)));
    expect(events).toEqual([expect.objectContaining({ type: "break_glass.reviewed" })]);
    expect(decide(next, review(), after(61))).toMatchObject({ refusal: "repeated" });
    expect(decide(next, review({ key: "r2" }), after(61))).toMatchObject({ refusal: "already_reviewed" });
    expect(decide(next, { type: "check_review" }, after(86_400))).toMatchObject({
      refusal: "already_reviewed",
    });
  });

  it("an objection is told in the alerts channel", () => {
    const { effects } = accepted(decide(taken, review({ verdict: "object" }), after(60)));
    expect(effects.map(({ kind }) => kind)).toContain("tell_alerts");
  });

  it("a review that nobody made is said loudly, each day again", () => {
    expect(decide(taken, { type: "check_review" }, after(86_399))).toMatchObject({ refusal: "too_early" });
    const { effects, events } = accepted(decide(taken, { type: "check_review" }, after(86_400)));
    expect(events).toEqual([expect.objectContaining({ type: "break_glass.overdue" })]);
    expect(effects.map(({ kind }) => kind)).toEqual(["tell_thread", "tell_alerts", "check_review"]);
  });
});

describe("an approval counts where it is needed most", () => {
  const either = { count: 1, from: [], approvers: [bob.email, carol.email] };
  const onlyCarol = { count: 1, from: [], approvers: [carol.email] };
  const authority: Authority = { steps: [either, onlyCarol] };
  const state = (): State => ({
    ...buildState("pending"),
    request: buildRequest({ terms: { ...buildRequest().terms, steps: [either, onlyCarol] } }),
  });

  it("moves on to the step that takes nobody else, once another fills the first", () => {
    const first = accepted(decide(state(), approveBy(carol, authority), t0));
    expect(awaitedBy(first.next.request.decisions, authority)?.approvers).toEqual([bob.email]);
    const second = accepted(decide(first.next, approveBy(bob, authority), t0));
    expect(second.next.request.status).toBe("approved");
    expect(second.events[0]).toMatchObject({ type: "approval.given", data: { step: 1, have: 1, needed: 1 } });
  });

  it("whatever the order of clicks, a request that enough people may approve is approved", () => {
    const people = ["p1", "p2", "p3", "p4", "p5"].map((name, index) => ({
      id: 10 + index,
      name,
      email: `${name}@example.com`,
    }));
    const step = fc.record({
      count: fc.integer({ min: 1, max: 2 }),
      from: fc.constant<string[]>([]),
      approvers: fc.uniqueArray(fc.constantFrom(...people.map(({ email }) => email)), { minLength: 1 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 3 }),
        fc.array(fc.constantFrom(...people), { maxLength: 12 }),
        (steps, clicks) => {
          fc.pre(firstUnfillable(steps) === undefined);
          let now: State = {
            ...buildState("pending"),
            request: buildRequest({ terms: { ...buildRequest().terms, steps } }),
          };
          // Chance first, then everybody in turn until nobody may any more.
          for (const by of [...clicks, ...people, ...people, ...people, ...people, ...people]) {
            const earlier = progressOf(now.request.decisions, { steps });
            const decision = decide(now, approveBy(by, { steps }), t0);
            if (!decision.accepted) continue;
            now = decision.next;
            const later = progressOf(now.request.decisions, { steps });
            const filled = ({ given }: typeof later): number => given.flat().length;
            // Each approval that is taken fills one place more, and empties none.
            expect(filled(later)).toBe(filled(earlier) + 1);
          }
          expect(now.request.status).toBe("approved");
          expect(new Set(now.request.decisions.map(({ person }) => person)).size).toBe(
            steps.reduce((sum, { count }) => sum + count, 0),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("an approval that does not count any more", () => {
  const discountBob = { type: "discount", person: bob.id, why: "lockdown" } as const;

  it("has to be given again, by them or another", () => {
    const first = accepted(decide(twoStepState(), approveBy(bob), t0));
    const without = accepted(decide(first.next, discountBob, t0));
    expect(without.events).toMatchObject([
      { type: "approval.discounted", data: { approver: bob.email, why: "lockdown" } },
    ]);
    expect(decide(without.next, approveBy(dana), t0)).toMatchObject({ refusal: "not_yet_your_step" });
    for (const by of [carol, bob]) {
      const again = accepted(decide(without.next, { ...approveBy(by), key: "again" }, t0));
      expect(accepted(decide(again.next, approveBy(dana), t0)).next.request.status).toBe("approved");
    }
  });

  it("is discounted once, and not where the request is decided", () => {
    expect(decide(twoStepState(), discountBob, t0)).toEqual({ accepted: false, refusal: "no_such_approval" });
    const first = accepted(decide(twoStepState(), approveBy(bob), t0));
    const without = accepted(decide(first.next, discountBob, t0));
    expect(decide(without.next, discountBob, t0)).toMatchObject({ refusal: "no_such_approval" });
    const approved = accepted(decide(first.next, approveBy(dana), t0));
    expect(decide(approved.next, discountBob, t0)).toMatchObject({ refusal: "already_approved" });
  });
});

describe("what keeps an approval from being one", () => {
  it.each([
    [{ isLockedDown: true }, "locked_down"],
    [{ approver: "gone" }, "approver_gone"],
    [{ approver: "unknown" }, "approver_unknown"],
    [{ requester: "gone" }, "requester_gone"],
    [{ requester: "unknown" }, "requester_unknown"],
    [{ isChanged: true }, "grant_changed"],
  ] as const)("%j is refused as %s", (over, refusal) => {
    const command: Command = { ...approveBy(bob), ...over };
    expect(decide(twoStepState(), command, t0)).toEqual({ accepted: false, refusal });
  });
});
