import type { Command } from "../../src/domain/command.ts";
import { decide } from "../../src/domain/decide.ts";
import type { State } from "../../src/domain/state.ts";
import { after, buildGrant, buildRequest, grantId } from "../support/build.ts";

const threeDays = 3 * 24 * 3_600;
const gone = { type: "revoke_succeeded", grantId } as const;
const refused = { type: "revoke_failed", grantId, error: "no", retryable: true } as const;
const landed = { type: "grant_succeeded", grantId, state: {}, startedAt: after(0) } as const;

/** Access that was to end after an hour, and was proven gone in time but for two attempts that failed. */
function ended(): State {
  const begun = { request: buildRequest({ status: "approved" }), grants: [buildGrant("active")] };
  return [
    [3_600, { type: "revoke", grantId, reason: "expired" }] as const,
    [3_600, refused] as const,
    [3_601, refused] as const,
    [3_602, gone] as const,
  ].reduce((state, [seconds, command]) => lived(state, seconds, command).state, begun as State);
}

function lived(state: State, seconds: number, command: Command) {
  const decision = decide(state, command, after(seconds));
  if (!decision.accepted) throw new Error(`${command.type}: ${decision.refusal}`);
  return { state: decision.next, events: decision.events, effects: decision.effects };
}

describe.each([
  ["appeared again", { type: "take_back", grantId }],
  ["landed late", landed],
] as const)("access that %s three days after it was gone", (_, command) => {
  const again = lived(ended(), threeDays, command).state;

  it("is not late where it is taken away within a second", () => {
    const { events, effects } = lived(again, threeDays + 1, gone);
    expect(events[0]).toMatchObject({ type: "grant.revoked", data: { attempts: 1 } });
    expect(events[0]?.data).not.toHaveProperty("lateSeconds");
    expect(effects.map(({ kind }) => kind)).toContain("update_request");
  });

  it("is as late as it lasts on from there", () => {
    const { events } = lived(again, threeDays + 120, gone);
    expect(events[0]).toMatchObject({ type: "grant.revoked", data: { lateSeconds: 120 } });
  });

  it("is said to resist from the first attempt to take it away this time", () => {
    const { events, effects } = lived(again, threeDays + 1, refused);
    expect(events[0]).toMatchObject({ type: "revocation.failed", data: { attempt: 1 } });
    expect(effects.map(({ kind }) => kind)).toEqual(["tell_thread", "tell_alerts"]);
    expect(again.grants[0]).not.toHaveProperty("lastError");
  });

  it("should have been gone since then for whoever watches", () => {
    expect(again.grants[0]?.endingSince).toEqual(after(threeDays));
  });
});

it("access that lands late while it is being taken away is late from when it should have ended", () => {
  const begun = { request: buildRequest({ status: "approved" }), grants: [buildGrant("active")] };
  const ending = lived(begun, 3_610, { type: "revoke", grantId, reason: "expired" }).state;
  const again = lived(ending, 3_700, landed).state;
  expect(lived(again, 3_720, gone).events[0]).toMatchObject({ data: { lateSeconds: 120 } });
});
