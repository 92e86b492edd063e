import type { AuditEvent } from "../audit-event.ts";
import type { CommandOf, Decision } from "../command.ts";
import type { State } from "../state.ts";
import type { Effect } from "../effect.ts";
import { type Grant, handedOver } from "../grant/grant.ts";
import { requestName } from "./request.ts";
import { later, tell } from "./consequences.ts";

/** Seconds before the end. Access under 30 minutes gets only the second reminder, under 10 minutes none. */
const reminderSeconds = [900, 300] as const;

/** Reminders that live access ends soon, once per request because a bundle's parts end together. */
export function expiryReminders(state: State, grant: Grant, now: Date): readonly Effect[] {
  const { expiresAt } = grant;
  const isFirst = state.grants.every(({ id, status }) => id === grant.id || status !== "active");
  if (!expiresAt || !isFirst) return [];
  return reminderSeconds
    .map((seconds) => ({ dueAt: later(expiresAt, -seconds), seconds }))
    .filter(({ dueAt, seconds }) => dueAt.getTime() - now.getTime() >= seconds * 1000)
    .map(({ dueAt }): Effect => ({ kind: "remind_expiry", grantId: grant.id, dueAt }));
}

/** Extends live access. The revocation already owed finds that its time has moved, and waits for it. */
export function extend(state: State, command: CommandOf<"extend">, now: Date): Decision {
  const { seconds, by, states, handovers = {} } = command;
  const longer = new Map(
    state.grants.flatMap((grant) => {
      const { status, expiresAt } = grant;
      const providerState = states[grant.id];
      if (!providerState || status !== "active" || !expiresAt || now >= expiresAt) return [];
      const extended: Grant = {
        ...grant,
        state: providerState,
        expiresAt: later(expiresAt, seconds),
        durationSeconds: grant.durationSeconds + seconds,
        ...(handovers[grant.id] && { handover: handovers[grant.id] }),
      };
      return [[grant.id, extended] as const];
    }),
  );
  const [first] = longer.values();
  if (!first) return { accepted: false, refusal: "grant_ended" };
  const grants = state.grants.map((grant) => longer.get(grant.id) ?? grant);
  const events = [...longer.values()].map(({ id, provider, subject, expiresAt }): AuditEvent => ({
    type: "grant.extended",
    at: now,
    actor: { kind: "hallpass" },
    grantId: id,
    data: {
      provider,
      subject,
      by,
      seconds,
      expiresAt: (expiresAt ?? now).toISOString(),
      ...handedOver(handovers[id]),
    },
  }));
  return {
    accepted: true,
    next: { ...state, grants },
    events,
    effects: [
      { kind: "update_request", dueAt: now },
      ...events.flatMap((event) => tell(event, now)),
      ...expiryReminders({ ...state, grants: [first] }, first, now),
    ],
  };
}

/** Records that an approved extension failed: the access had ended before, say, or its provider could not be told. */
export function extensionFailed(state: State, { why }: CommandOf<"extension_failed">, now: Date): Decision {
  const { terms } = state.request;
  if (!terms.extends) return { accepted: false, refusal: "no_such_grant" };
  const failed: AuditEvent = {
    type: "extension.failed",
    at: now,
    actor: { kind: "hallpass" },
    data: { extends: requestName(terms.extends), why },
  };
  return { accepted: true, next: state, events: [failed], effects: tell(failed, now) };
}
