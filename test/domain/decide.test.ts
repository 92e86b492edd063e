import type { Command, Decision } from "../../src/domain/command.ts";
import { decide } from "../../src/domain/decide.ts";
import type { State } from "../../src/domain/state.ts";
import { type GrantStatus, grantStatuses } from "../../src/domain/grant/grant.ts";
import { refusals, refusalText } from "../../src/domain/refusal.ts";
import { type RequestStatus, requestStatuses } from "../../src/domain/request/request.ts";
import { file } from "../../src/domain/request/file-request.ts";
import {
  after,
  alice,
  bob,
  buildGrant,
  buildRequest,
  buildState,
  carol,
  grantId,
  t0,
} from "../support/build.ts";

const leads = { steps: [{ count: 1, approvers: [bob.email, carol.email] }] };
const approveBy = (by = bob, authority = leads): Command => ({
  type: "approve",
  by,
  authority,
  key: `click ${by.email}`,
});

/** What came of it: the next status and the events, or the refusal. */
function outcome(decision: Decision): string {
  if (!decision.accepted) return decision.refusal;
  const { next, events } = decision;
  return `${next.grants[0]?.status ?? next.request.status}: ${events.map(({ type }) => type).join(", ")}`;
}

function isDeadline(name: string): boolean {
  return ["expire", "remind", "escalate", "lapse", "check_review"].includes(name);
}

/** A state whose rule says all that has a deadline but break-glass. */
function withDeadlines(state: State): State {
  const terms = {
    ...state.request.terms,
    remindEverySeconds: 900,
    escalate: { afterSeconds: 1800, to: ["group:on-call"], approvers: ["erin@example.com"] },
    startWithinSeconds: 3600,
  };
  return { ...state, request: { ...state.request, terms, closedAt: t0 } };
}

describe("requests: every status × every command", () => {
  const commands: Readonly<Record<string, Command>> = {
    approve: approveBy(),
    deny: { type: "deny", by: bob, authority: leads, reason: "not now" },
    cancel: { type: "cancel", by: alice },
    expire: { type: "expire" },
    remind: { type: "remind" },
    escalate: { type: "escalate" },
    start: { type: "start", by: alice, isAllowed: true },
    lapse: { type: "lapse" },
    review: { type: "review", by: bob, verdict: "accept", note: "fine", reviewers: [bob.email], key: "r" },
    check_review: { type: "check_review" },
    discount: { type: "discount", person: bob.id, why: "lockdown" },
    note_held: { type: "note_held", access: ["orders-db:write"] },
    note_flags: { type: "note_flags", flags: [{ kind: "first_time", why: "of their last 9 requests none" }] },
  };
  const closed = (refusal: string): Readonly<Record<string, string>> => ({
    // What is unusual about a request is recorded whatever has become of it.
    note_flags: `${refusal.replace("already_", "")}: request.flagged`,
    approve: refusal,
    deny: refusal,
    cancel: refusal,
    expire: refusal,
    remind: refusal,
    escalate: refusal,
    start: refusal,
    lapse: refusal,
    review: "not_break_glass",
    check_review: "not_break_glass",
    note_held: refusal,
    discount: refusal,
  });
  const table: Readonly<Record<RequestStatus, Readonly<Record<string, string>>>> = {
    pending: {
      approve: "approved: approval.given, request.approved",
      deny: "denied: request.denied",
      cancel: "cancelled: request.cancelled",
      expire: "expired: request.expired",
      remind: "pending: request.reminded",
      escalate: "pending: request.escalated",
      start: "not_approved",
      lapse: "not_approved",
      review: "not_break_glass",
      check_review: "not_break_glass",
      note_held: "pending: request.already_held",
      discount: "no_such_approval",
      note_flags: "pending: request.flagged",
    },
    approved: {
      ...closed("already_approved"),
      start: "granting: grant.started",
      lapse: "expired: request.lapsed",
    },
    denied: closed("already_denied"),
    cancelled: closed("already_cancelled"),
    expired: closed("already_expired"),
    refused: closed("already_refused"),
  };
  for (const status of requestStatuses) {
    for (const [name, command] of Object.entries(commands)) {
      it(`${status} × ${name} → ${table[status][name]}`, () => {
        const now = isDeadline(name) ? after(7200) : t0;
        expect(outcome(decide(withDeadlines(buildState(status)), command, now))).toBe(table[status][name]);
      });
    }
  }
});

describe("grants: every status × every command", () => {
  const ids = { system: "here", subjectId: "1", targetId: "2" };
  const commands: Readonly<Record<string, Command>> = {
    grant_succeeded: { type: "grant_succeeded", grantId, state: { a: 1 }, startedAt: t0 },
    grant_failed: { type: "grant_failed", grantId, error: "no such role" },
    "revoke(expired)": { type: "revoke", grantId, reason: "expired" },
    "revoke(returned)": { type: "revoke", grantId, reason: "returned", by: alice },
    revoke_succeeded: { type: "revoke_succeeded", grantId },
    revoke_failed: { type: "revoke_failed", grantId, error: "down", retryable: true },
    note_asked: { type: "note_asked", grantId, ids, state: {}, isStanding: false },
    grant_unsettled: { type: "grant_unsettled", grantId, error: "down" },
    restore: { type: "restore", grantId, state: {}, endOf: "AR-1" },
    take_back: { type: "take_back", grantId },
    vanish: { type: "vanish", grantId },
    come_back: { type: "come_back", grantId },
  };
  const table: Readonly<Record<GrantStatus, Readonly<Record<string, string>>>> = {
    granting: {
      grant_succeeded: "active: grant.active",
      grant_failed: "revoking: grant.failed",
      "revoke(expired)": "too_early",
      "revoke(returned)": "revoking: grant.revoking",
      revoke_succeeded: "grant_not_started",
      revoke_failed: "grant_not_started",
      note_asked: "granting: ",
      grant_unsettled: "granting: grant.unsettled",
      take_back: "grant_not_started",
      vanish: "grant_not_started",
      restore: "grant_not_started",
      come_back: "grant_not_started",
    },
    active: {
      grant_succeeded: "grant_already_active",
      grant_failed: "grant_already_active",
      "revoke(expired)": "revoking: grant.revoking",
      "revoke(returned)": "revoking: grant.revoking",
      revoke_succeeded: "grant_already_active",
      revoke_failed: "grant_already_active",
      note_asked: "grant_already_active",
      grant_unsettled: "grant_already_active",
      restore: "active: grant.restored",
      take_back: "grant_already_active",
      vanish: "active: grant.vanished",
      come_back: "grant_already_active",
    },
    revoking: {
      grant_succeeded: "revoking: grant.landed_late",
      grant_failed: "grant_ending",
      "revoke(expired)": "grant_ending",
      "revoke(returned)": "grant_ending",
      revoke_succeeded: "revoked: grant.revoked",
      revoke_failed: "revoking: revocation.failed",
      note_asked: "grant_ending",
      grant_unsettled: "grant_ending",
      take_back: "grant_ending",
      vanish: "grant_ending",
      restore: "grant_ending",
      come_back: "grant_ending",
    },
    revoked: {
      grant_succeeded: "revoking: grant.landed_late",
      grant_failed: "grant_ended",
      "revoke(expired)": "grant_ended",
      "revoke(returned)": "grant_ended",
      revoke_succeeded: "grant_ended",
      revoke_failed: "grant_ended",
      note_asked: "grant_ended",
      grant_unsettled: "grant_ended",
      take_back: "revoking: grant.reappeared",
      vanish: "grant_ended",
      restore: "grant_ended",
      come_back: "grant_ended",
    },
  };
  for (const status of grantStatuses) {
    for (const [name, command] of Object.entries(commands)) {
      it(`${status} × ${name} → ${table[status][name]}`, () => {
        const state = buildState("approved", buildGrant(status));
        expect(outcome(decide(state, command, after(3600)))).toBe(table[status][name]);
      });
    }
  }

  it("refuses every grant command for a grant the request does not have", () => {
    for (const command of Object.values(commands)) {
      expect(outcome(decide(buildState("approved"), command, t0))).toBe("no_such_grant");
    }
  });
});

describe("who may decide", () => {
  it("nobody decides their own request, also with a second account of the same e-mail address", () => {
    const everybody = { steps: [{ count: 1, approvers: [alice.email, bob.email] }] };
    for (const by of [alice, { ...alice, account: "UALICE2" }, { ...alice, email: "another@example.com" }]) {
      const state = buildState("pending");
      expect(outcome(decide(state, approveBy(by, everybody), t0))).toBe("own_request");
      expect(outcome(decide(state, { type: "deny", by, authority: everybody, reason: "x" }, t0))).toBe(
        "own_request",
      );
    }
  });

  it("refuses whoever today's policy does not name, and everybody when it would not ask people at all", () => {
    const stranger = { id: 9, email: "mallory@example.com", name: "Mallory" };
    expect(outcome(decide(buildState("pending"), approveBy(stranger), t0))).toBe("not_approver");
    expect(outcome(decide(buildState("pending"), { type: "approve", by: bob }, t0))).toBe("policy_changed");
  });

  it("counts one person once, and only those who may still decide", () => {
    const two = { steps: [{ count: 2, approvers: [bob.email, carol.email] }] };
    const first = accepted(decide(buildState("pending"), approveBy(bob, two), t0));
    expect(first.next.request.status).toBe("pending");
    const again: Command = { type: "approve", by: bob, authority: two, key: "another click" };
    expect(outcome(decide(first.next, again, t0))).toBe("decided_before");
    const withoutBob = { steps: [{ count: 2, approvers: [carol.email, "erin@example.com"] }] };
    const second = accepted(decide(first.next, approveBy(carol, withoutBob), t0));
    expect(second.next.request.status).toBe("pending");
    expect(accepted(decide(first.next, approveBy(carol, two), t0)).next.request.status).toBe("approved");
  });

  it("knows a click that was delivered again", () => {
    const two = { steps: [{ count: 2, approvers: [bob.email, carol.email] }] };
    const { next } = accepted(decide(buildState("pending"), approveBy(bob, two), t0));
    expect(outcome(decide(next, approveBy(bob, two), t0))).toBe("repeated");
  });

  it("approves nothing once the time to answer is over, even before the expiry was carried out", () => {
    expect(outcome(decide(buildState("pending"), approveBy(), after(7200)))).toBe("too_late");
    expect(outcome(decide(buildState("pending"), approveBy(), after(7199)))).toMatch(/^granting/);
  });

  it("lets only the requester cancel", () => {
    expect(outcome(decide(buildState("pending"), { type: "cancel", by: bob }, t0))).toBe("not_requester");
  });

  it("does not expire a request before its time", () => {
    expect(outcome(decide(buildState("pending"), { type: "expire" }, after(7199)))).toBe("too_early");
  });
});

describe("what a transition owes", () => {
  it("an approval owes the planned grant and says so, and nothing more", () => {
    const { next, effects } = accepted(decide(buildState("pending"), approveBy(), t0));
    expect(next.grants).toEqual([
      expect.objectContaining({ id: grantId, status: "granting", subject: "alice", durationSeconds: 3600 }),
    ]);
    expect(kinds(effects)).toEqual(["update_request", "tell_thread", "tell_requester", "grant"]);
  });

  it("the clock starts when the provider was first asked, and the end is owed from then", () => {
    const state = buildState("approved", buildGrant("granting"));
    const command: Command = { type: "grant_succeeded", grantId, state: {}, startedAt: after(10) };
    const { next, effects } = accepted(decide(state, command, after(40)));
    expect(next.grants[0]).toMatchObject({ activeAt: after(10), expiresAt: after(3610) });
    expect(effects).toContainEqual({ kind: "revoke", grantId, dueAt: after(3610) });
  });

  it("a grant that failed half-way is revoked, and both the person and the alerts channel hear it", () => {
    const state = buildState("approved", buildGrant("granting"));
    const { effects } = accepted(decide(state, { type: "grant_failed", grantId, error: "x" }, t0));
    expect(kinds(effects)).toEqual([
      "revoke",
      "update_request",
      "tell_alerts",
      "tell_thread",
      "tell_requester",
    ]);
  });

  it("an end before its time owes a revocation now; the end at expiry is the one already running", () => {
    const state = buildState("approved", buildGrant("active"));
    const early = accepted(
      decide(state, { type: "revoke", grantId, reason: "returned", by: alice }, after(60)),
    );
    expect(early.effects).toEqual([{ kind: "revoke", grantId, dueAt: after(60) }]);
    const onTime = accepted(decide(state, { type: "revoke", grantId, reason: "expired" }, after(3600)));
    expect(onTime.effects).toEqual([]);
  });

  it("a grant confirmed after its end is taken away again", () => {
    const state = buildState("approved", buildGrant("revoked"));
    const command: Command = { type: "grant_succeeded", grantId, state: {}, startedAt: t0 };
    const { next, effects } = accepted(decide(state, command, after(4000)));
    expect(next.grants[0]?.revokedAt).toBeUndefined();
    expect(effects).toEqual([{ kind: "revoke", grantId, dueAt: after(4000) }]);
  });

  it("what is there again after its end is taken away now, said to all, and proven gone anew", () => {
    const ended = buildGrant("revoked", { revokeAttempts: 3, lastError: "was down" });
    const { next, effects } = accepted(
      decide(buildState("approved", ended), { type: "take_back", grantId }, after(9000)),
    );
    expect(next.grants[0]).toMatchObject({ status: "revoking", revokeReason: "drift", revokeAttempts: 0 });
    expect(next.grants[0]).not.toHaveProperty("revokedAt");
    expect(effects[0]).toEqual({ kind: "revoke", grantId, dueAt: after(9000) });
    expect(kinds(effects)).toEqual([
      "revoke",
      "update_request",
      "tell_alerts",
      "tell_thread",
      "tell_requester",
    ]);
    const gone = accepted(decide(next, { type: "revoke_succeeded", grantId }, after(9001)));
    expect(kinds(gone.effects)).toContain("tell_alerts");
  });

  it("what somebody held before a grant is not taken back after it", () => {
    const state = buildState("approved", buildGrant("revoked", { isStanding: true }));
    expect(outcome(decide(state, { type: "take_back", grantId }, after(9000)))).toBe("grant_ended");
  });

  it("live access that is gone is said once, and its end is still owed", () => {
    const state = buildState("approved", buildGrant("active", { isStanding: true }));
    const { next, effects } = accepted(decide(state, { type: "vanish", grantId }, after(60)));
    expect(next.grants[0]).toMatchObject({ status: "active", vanishedAt: after(60), expiresAt: after(3600) });
    // Nothing of what they held before was ours, and nothing of what comes back is.
    expect(next.grants[0]).toHaveProperty("isStanding", true);
    expect(kinds(effects)).toEqual(["update_request", "tell_thread", "tell_requester"]);
    expect(outcome(decide(next, { type: "vanish", grantId }, after(61)))).toBe("repeated");
    const back = accepted(decide(next, { type: "come_back", grantId }, after(62)));
    expect(kinds(back.effects)).toEqual(["update_request"]);
    expect(back.next.grants[0]).not.toHaveProperty("vanishedAt");
  });

  it("a failing revocation is said at the first attempt; what goes on failing is the watchdog's to say", () => {
    let state = buildState("approved", buildGrant("revoking"));
    const said: number[] = [];
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      const { next, effects } = accepted(
        decide(
          state,
          { type: "revoke_failed", grantId, error: "down", retryable: true },
          after(3600 + attempt),
        ),
      );
      if (kinds(effects).includes("tell_alerts")) said.push(attempt);
      state = next;
    }
    expect(said).toEqual([1]);
  });
});

describe("filing", () => {
  const { status: _, decisions: __, closedAt: ___, ...draft } = buildRequest();

  it("review waits for people, and owes its own expiry", () => {
    const { next, events, effects } = file(draft);
    expect(next).toMatchObject({ request: { status: "pending" }, grants: [] });
    expect(events.map(({ type }) => type)).toEqual(["request.created"]);
    expect(effects).toContainEqual({ kind: "expire_request", dueAt: after(7200) });
    expect(kinds(effects)).not.toContain("grant");
  });

  it("allow is approved at once, by the policy", () => {
    const { next, events, effects } = file({
      ...draft,
      terms: { ...draft.terms, verdict: "allow", steps: [] },
    });
    expect(next.request.status).toBe("approved");
    expect(events.map(({ type, actor }) => `${type} by ${actor.kind}`)).toEqual([
      "request.created by person",
      "request.approved by policy",
      "grant.started by hallpass",
    ]);
    expect(kinds(effects)).toContain("grant");
  });

  it("break-glass is taken, said to whoever took it, and approved by nobody", () => {
    const breakGlass = { from: ["group:security"], reviewers: ["dana@example.com"], withinSeconds: 3600 };
    const { next, events, effects } = file({
      ...draft,
      terms: { ...draft.terms, verdict: "allow", steps: [], breakGlass },
    });
    expect(next.request.status).toBe("approved");
    expect(events.map(({ type, actor }) => `${type} by ${actor.kind}`)).toEqual([
      "request.created by person",
      "break_glass.used by person",
      "grant.started by hallpass",
    ]);
    expect(kinds(effects)).toEqual(
      expect.arrayContaining(["grant", "check_review", "tell_alerts", "tell_thread", "tell_requester"]),
    );
    const click = { type: "deny", by: bob, reason: "no", authority: leads } as const;
    expect(outcome(decide(next, click, t0))).toBe("already_taken");
  });

  it("refuse is kept as refused and owes nothing", () => {
    const terms = { ...draft.terms, verdict: "refuse", refusal: "no rule" } as const;
    const { next, events, effects } = file({ ...draft, terms });
    expect(next).toMatchObject({ request: { status: "refused" }, grants: [] });
    expect(events.map(({ type }) => type)).toEqual(["request.refused"]);
    expect(effects).toEqual([]);
  });
});

it("words every refusal", () => {
  for (const refusal of refusals) expect(refusalText[refusal]).toMatch(/\.$/);
});

function accepted(decision: Decision): Extract<Decision, { accepted: true }> {
  if (!decision.accepted) throw new Error(`refused: ${decision.refusal}`);
  return decision;
}

function kinds(effects: readonly { readonly kind: string }[]): string[] {
  return effects.map(({ kind }) => kind);
}

/** A refused command leaves the state as it was: `decide` never mutates. */
it("mutates nothing", () => {
  const state: State = Object.freeze(buildState("pending"));
  Object.freeze(state.request);
  Object.freeze(state.request.decisions);
  expect(() => decide(state, approveBy(), t0)).not.toThrow();
});
