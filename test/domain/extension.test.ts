import type { Command, Decision } from "../../src/domain/command.ts";
import { decide } from "../../src/domain/decide.ts";
import type { State } from "../../src/domain/state.ts";
import { after, alice, bob, buildGrant, buildRequest, buildState, grantId, t0 } from "../support/build.ts";

function accepted(decision: Decision): Extract<Decision, { accepted: true }> {
  if (!decision.accepted) throw new Error(decision.refusal);
  return decision;
}

const extend: Command = { type: "extend", seconds: 1800, by: "AR-1050", states: { [grantId]: {} } };
const live = (): State => buildState("approved", buildGrant("active"));

describe("extending", () => {
  it("moves the end of what is live, and owes no second revocation", () => {
    const { next, effects, events } = accepted(decide(live(), extend, after(3000)));
    expect(next.grants[0]).toMatchObject({ status: "active", expiresAt: after(5400), durationSeconds: 5400 });
    expect(effects.map(({ kind }) => kind)).not.toContain("revoke");
    expect(events).toEqual([
      expect.objectContaining({
        type: "grant.extended",
        data: expect.objectContaining({ by: "AR-1050", expiresAt: after(5400).toISOString() }),
      }),
    ]);
    expect(decide(next, { type: "revoke", grantId, reason: "expired" }, after(3600))).toMatchObject({
      refusal: "too_early",
    });
  });

  it("does nothing for what has ended, is ending, or is over by the clock", () => {
    for (const status of ["granting", "revoking", "revoked"] as const) {
      const state = buildState("approved", buildGrant(status));
      expect(decide(state, extend, after(60))).toMatchObject({ refusal: "grant_ended" });
    }
    expect(decide(live(), extend, after(3600))).toMatchObject({ refusal: "grant_ended" });
  });

  it("an approved request to extend owes the extension, and no grant of its own", () => {
    const { terms } = buildRequest();
    const request = buildRequest({
      planned: [],
      terms: { ...terms, extends: { requestId: "01970000-0000-7000-8000-000000000009", number: 1041 } },
    });
    const authority = { steps: terms.steps };
    const approve: Command = { type: "approve", by: bob, authority, key: "click" };
    const { next, effects } = accepted(decide({ request, grants: [] }, approve, t0));
    expect(next.grants).toEqual([]);
    expect(effects).toContainEqual({ kind: "extend_access", dueAt: t0 });
    const failed = accepted(decide(next, { type: "extension_failed", why: "it had ended" }, after(5)));
    expect(failed.events).toEqual([expect.objectContaining({ type: "extension.failed" })]);
  });
});

describe("giving back", () => {
  it("is for the requester alone", () => {
    const giveBack = { type: "revoke", grantId, reason: "returned" } as const;
    expect(decide(live(), { ...giveBack, by: bob }, after(60))).toMatchObject({ refusal: "not_requester" });
    expect(decide(live(), giveBack, after(60))).toMatchObject({ refusal: "not_requester" });
    expect(accepted(decide(live(), { ...giveBack, by: alice }, after(60))).next.grants[0]?.status).toBe(
      "revoking",
    );
  });
});

describe("reminders of the end", () => {
  const granted = (durationSeconds: number): readonly Date[] => {
    const state = buildState("approved", buildGrant("granting", { durationSeconds }));
    const command: Command = { type: "grant_succeeded", grantId, state: {}, startedAt: t0 };
    return accepted(decide(state, command, t0)).effects.flatMap((effect) =>
      effect.kind === "remind_expiry" ? [effect.dueAt] : [],
    );
  };

  it.each([
    ["an hour: both", 3600, [after(2700), after(3300)]],
    ["half an hour: both", 1800, [after(900), after(1500)]],
    ["twenty minutes: the second", 1200, [after(900)]],
    ["nine minutes: none", 540, []],
  ])("%s", (_, seconds, expected) => {
    expect(granted(seconds)).toEqual(expected);
  });
});
