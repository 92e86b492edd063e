import type { RequestFlag } from "./anomalies.ts";
import type { Authority } from "./approvals.ts";
import type { AuditEvent, GrantChange } from "./audit-event.ts";
import type { Effect } from "./effect.ts";
import type { Handover, RevokeReason, SystemIds } from "./grant.ts";
import type { Person } from "./person.ts";
import type { Refusal } from "./refusal.ts";
import type { DiscountReason } from "./request.ts";
import type { State } from "./state.ts";

type Deciding = {
  readonly by: Person;
  /** Whoever is locked down decides nothing. */
  readonly isLockedDown?: boolean;
  /** Who may decide by today's policy; absent when today's policy would not let the request be reviewed at all. */
  readonly authority?: Authority;
  /** Names the click: the same one delivered again changes nothing. */
  readonly key?: string;
  /** The version of the policy that `authority` was read from. */
  readonly policyVersion?: string;
};

export type Command =
  /** `approvalsSeen`: see `Transition`. */
  | (Deciding & {
      readonly type: "approve";
      readonly approvalsSeen?: number | undefined;
      /** How whoever approves stands now, whatever was known of them when they clicked. */
      readonly approver?: "here" | "gone" | "unknown";
      /** How whoever asked stands now; access is given only to who is here. */
      readonly requester?: "here" | "gone" | "unknown";
      /** What would be granted today is another thing than what was shown. */
      readonly isChanged?: boolean;
    })
  | (Deciding & { readonly type: "deny"; readonly reason: string })
  | { readonly type: "cancel"; readonly by: Person }
  /** Closed without anybody having decided. `changes`: what would be granted today, where that is why. */
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
  /** `isAllowed`: whether today's policy would still let this be asked. */
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
      /** Who may, by today's policy. */
      readonly reviewers: readonly string[];
      readonly key: string;
    }
  | { readonly type: "check_review" }
  | {
      readonly type: "grant_succeeded";
      readonly grantId: string;
      readonly state: Readonly<Record<string, unknown>>;
      /** When the provider was asked: the clock starts here, also when the answer was lost and asked for again. */
      readonly startedAt: Date;
      /** What the person does with it now, in words. */
      readonly use?: string;
      readonly handover?: Handover;
    }
  | { readonly type: "grant_failed"; readonly grantId: string; readonly error: string }
  /** The provider is asked next: whatever is needed to take away again what that gives is remembered before. */
  | {
      readonly type: "note_asked";
      readonly grantId: string;
      readonly ids: SystemIds;
      readonly state: Readonly<Record<string, unknown>>;
      /** The person holds it already, not by a grant of ours. */
      readonly isStanding: boolean;
    }
  /** Whether the access exists is not known: it is still being made, or whoever asked died and the provider cannot be read now. */
  | {
      readonly type: "grant_unsettled";
      readonly grantId: string;
      readonly error: string;
      readonly isPending?: boolean;
    }
  /** What the end of another grant took away was given again. */
  | {
      readonly type: "restore";
      readonly grantId: string;
      readonly state: Readonly<Record<string, unknown>>;
      /** The request whose grant ended. */
      readonly endOf: string;
      readonly handover?: Handover;
    }
  /** Live access lasts longer; `by` names the request that asked for it. */
  | {
      readonly type: "extend";
      readonly seconds: number;
      readonly by: string;
      /** By grant, what its provider handed back when it was told the new end; only these last longer. */
      readonly states: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      /** By grant, where it was handed something anew. */
      readonly handovers?: Readonly<Record<string, Handover>>;
    }
  /** What was handed over is shown to the requester now, once. */
  | {
      readonly type: "show_handover";
      readonly grantId: string;
      readonly by: Person;
      /** Whether its seal opens with the key there is. */
      readonly opens: boolean;
      /** Whether something was asked of the same access since, which put something else in its place. */
      readonly isReplaced: boolean;
      readonly isLockedDown?: boolean;
    }
  /** What was handed over may not work any more, because of another request; `handover`: in its place. */
  | {
      readonly type: "hand_over";
      readonly grantId: string;
      readonly because: string;
      readonly state?: Readonly<Record<string, unknown>>;
      readonly handover?: Handover;
    }
  /** The requester has this already, not by a grant of ours. */
  | { readonly type: "note_held"; readonly access: readonly string[] }
  /** What is unusual about it. */
  | { readonly type: "note_flags"; readonly flags: readonly RequestFlag[] }
  | { readonly type: "extension_failed"; readonly why: string }
  /** The access was seen to be used. */
  | { readonly type: "note_use"; readonly grantId: string; readonly at: Date }
  /** What had ended is there again, and is taken away again. */
  | { readonly type: "take_back"; readonly grantId: string }
  /** Live access was taken away by somebody else, or is there again. */
  | { readonly type: "vanish"; readonly grantId: string }
  | { readonly type: "come_back"; readonly grantId: string }
  | { readonly type: "revoke"; readonly grantId: string; readonly reason: RevokeReason; readonly by?: Person }
  | {
      readonly type: "revoke_succeeded";
      readonly grantId: string;
      /** The request whose live grant still gives the same, so that it was left in place. */
      readonly keptBy?: string;
      /** By what the person has the same still, in words, once ours was taken away. */
      readonly others?: readonly string[];
      /** They have it still, by the right they had before. */
      readonly isStanding?: boolean;
      /** What they made with it and that outlives it, in words. */
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

/** What a command makes of a state, which events record it and what it owes the world; or why it does not apply. */
export type Decision =
  | {
      readonly accepted: true;
      readonly next: State;
      readonly events: readonly AuditEvent[];
      readonly effects: readonly Effect[];
    }
  | { readonly accepted: false; readonly refusal: Refusal };
