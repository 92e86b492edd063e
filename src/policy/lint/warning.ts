import type { PolicyFault } from "../language/fault.ts";
import { faultAt, type Place } from "../language/source.ts";

/** Probable mistakes; the names are stable, for tools that count or silence them. */
export const warningKinds = {
  "idle-rule": "A rule that never decides",
  "ungiven-role": "A role that no rule gives",
  "conflicting-bundle": "A bundle of roles that nobody may hold together",
  "unfillable-step": "An approval step that cannot be filled for some who ask",
  "unreviewable-break-glass": "Break-glass that nobody else could review",
  "empty-group": "A group with nobody in it",
  "idle-comparison": "A comparison that always comes out the same",
  "doubtful-zone": "A time zone that is hardly meant",
  "idle-limit": "A limit that is never reached",
  "unused-group": "A group that nothing names",
  "unused-provider": "A provider that no resource uses",
} as const;
export type WarningKind = keyof typeof warningKinds;

/** A probable mistake in a policy, and where it is. */
export type PolicyWarning = PolicyFault & { readonly kind: WarningKind };

/** Makes a warning at a place. */
export function warningAt(kind: WarningKind, place: Place, message: string): PolicyWarning {
  return { ...faultAt(place, message), kind };
}
