import type { RequestFlag } from "./request/anomalies.ts";
import type { Authority } from "./request/approvals.ts";
import type { AuditEvent, GrantChange } from "./audit-event.ts";
import type { Effect } from "./effect.ts";
import type { Handover, RevokeReason, SystemIds } from "./grant/grant.ts";
import type { Person } from "./person.ts";
import type { Refusal } from "./refusal.ts";
import type { DiscountReason } from "./request/request.ts";
import type { State } from "./state.ts";

type Deciding = {
  readonly by: Person;
  /** Somebody who is locked down decides nothing. */
  readonly isLockedDown?: boolean;
  /** Who may decide under today's policy; absent if today's policy would not let the request be reviewed at all. */
  readonly authority?: Authority;
  /** Idempotency key of the click: delivered again, it changes nothing. */
  readonly key?: string;
  /** The version of the policy that `authority` was read from. */
  readonly policyVersion?: string;
};

export type Command =
  /** `approvalsSeen`: see `Transition`. */
  | (Deciding & {
      readonly type: "approve";
      readonly approvalsSeen?: number | undefined;
      /** The approver's current status, whatever was known when they clicked. */
      readonly approver?: "here" | "gone" | "unknown";
      /** The requester's current status; access is given only if they are `here`. */
      readonly requester?: "here" | "gone" | "unknown";
      /** Today something else would be granted than was shown. */
      readonly isChanged?: boolean;
    })
  | (Deciding & { readonly type: "deny"; readonly reason: string })
  | { readonly type: "cancel"; readonly by: Person }
  /** Closes it without a decision. `changes`: what would be granted today, if that is the reason. */
  | {
      readonly type: "abandon";
      readonly reason: "offboarded" | "lockdown" | "policy_changed";
      readonly changes?: readonly GrantChange[];
    }
  /** An approval stops counting. */
  | { readonly type: "discount"; readonly person: number; readonly why: DiscountReason }
  | { readonly type: "expire" }
  | { readonly type: "remind" }
  | { readonly type: "escalate" }
  /** `isAllowed`: whether today's policy would still grant the same. */
  | {
      readonly type: "start";
      readonly by: Person;
      readonly isLockedDown?: boolean;
      readonly isAllowed: boolean;
    }
  | { readonly type: "lapse" }
  | {
      readonly type: "review";
      readonly by: Person;
      readonly isLockedDown?: boolean;
      readonly verdict: "accept" | "object";
      readonly note: string;
      /** Who may review, under today's policy. */
      readonly reviewers: readonly string[];
      readonly key: string;
    }
  | { readonly type: "check_review" }
  | {
      readonly type: "grant_succeeded";
      readonly grantId: string;
      readonly state: Readonly<Record<string, unknown>>;
      /** When the provider was asked: the duration runs from here, even if the answer was lost and the provider asked again. */
      readonly startedAt: Date;
      /** How the person uses it, in words. */
      readonly use?: string;
      readonly handover?: Handover;
    }
  | { readonly type: "grant_failed"; readonly grantId: string; readonly error: string }
  /** The provider is asked next: records first what revoking will need. */
  | {
      readonly type: "note_asked";
      readonly grantId: string;
      readonly ids: SystemIds;
      readonly state: Readonly<Record<string, unknown>>;
      /** The person already holds it, not through a grant of ours. */
      readonly isStanding: boolean;
    }
  /** It is not known whether the access exists: it is still being made, or the worker died after asking and the provider cannot be read. */
  | {
      readonly type: "grant_unsettled";
      readonly grantId: string;
      readonly error: string;
      readonly isPending?: boolean;
    }
  /** Access that another grant's end took away was granted again. */
  | {
      readonly type: "restore";
      readonly grantId: string;
      readonly state: Readonly<Record<string, unknown>>;
      /** The request whose grant ended. */
      readonly endOf: string;
      readonly handover?: Handover;
    }
  /** Extends live access; `by` names the request that asked for it. */
  | {
      readonly type: "extend";
      readonly seconds: number;
      readonly by: string;
      /** By grant, the state its provider returned when told the new end; only these grants are extended. */
      readonly states: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      /** By grant, what was handed over anew. */
      readonly handovers?: Readonly<Record<string, Handover>>;
    }
  /** Shows what was handed over to the requester, once. */
  | {
      readonly type: "show_handover";
      readonly grantId: string;
      readonly by: Person;
      /** Whether the seal opens with the current key. */
      readonly opens: boolean;
      /** Whether the same access was asked for since, which replaced what was handed over. */
      readonly isReplaced: boolean;
      readonly isLockedDown?: boolean;
    }
  /** What was handed over may no longer work, because of another request; `handover`: its replacement. */
  | {
      readonly type: "hand_over";
      readonly grantId: string;
      readonly because: string;
      readonly state?: Readonly<Record<string, unknown>>;
      readonly handover?: Handover;
    }
  /** The requester already holds this, not through a grant of ours. */
  | { readonly type: "note_held"; readonly access: readonly string[] }
  /** What is unusual about the request. */
  | { readonly type: "note_flags"; readonly flags: readonly RequestFlag[] }
  | { readonly type: "extension_failed"; readonly why: string }
  /** The access was seen to be used. */
  | { readonly type: "note_use"; readonly grantId: string; readonly at: Date }
  /** Ended access is there again: revokes it again. */
  | { readonly type: "take_back"; readonly grantId: string }
  /** Live access was taken away by somebody else (`vanish`), or is there again (`come_back`). */
  | { readonly type: "vanish"; readonly grantId: string }
  | { readonly type: "come_back"; readonly grantId: string }
  | { readonly type: "revoke"; readonly grantId: string; readonly reason: RevokeReason; readonly by?: Person }
  | {
      readonly type: "revoke_succeeded";
      readonly grantId: string;
      /** The request whose live grant still gives the same access, so that it was left in place. */
      readonly keptBy?: string;
      /** Why the person still has the same access after ours was taken away, in words. */
      readonly others?: readonly string[];
      /** They still have it, as they did before the grant. */
      readonly isStanding?: boolean;
      /** What they made with the access, and that outlives it, in words. */
      readonly outlives?: string;
    }
  | {
      readonly type: "revoke_failed";
      readonly grantId: string;
      readonly error: string;
      readonly retryable: boolean;
    };

export type CommandType = Command["type"];

/** The command of a type. */
export type CommandOf<Type extends CommandType> = Extract<Command, { readonly type: Type }>;

/** The next state, the events that record it and the effects it owes; or why the command does not apply. */
export type Decision =
  | {
      readonly accepted: true;
      readonly next: State;
      readonly events: readonly AuditEvent[];
      readonly effects: readonly Effect[];
    }
  | { readonly accepted: false; readonly refusal: Refusal };
