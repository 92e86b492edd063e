type Offer = { readonly nearest?: string; readonly allowed: readonly string[] };
type Asked = { readonly resource: string; readonly role: string };

/** A rule by which the person could have asked for this, and all that keeps it from matching. */
export type NearMiss = { readonly rule: string; readonly why: string };

/** Why the policy refuses; `allowed` and `nearest` name only what the person may ask for. Steps count from 1. */
export type PolicyRefusal =
  | ({ readonly kind: "unknown_resource"; readonly resource: string } & Offer)
  | ({ readonly kind: "unknown_role" } & Asked & Offer)
  | ({ readonly kind: "no_rule"; readonly nearMisses: readonly NearMiss[] } & Asked)
  | ({ readonly kind: "denied"; readonly rule: string; readonly message?: string | undefined } & Asked)
  /** It could not be found out whether a rule matches. */
  | ({ readonly kind: "undecided"; readonly rule: string; readonly why: string } & Asked)
  | ({
      readonly kind: "duration_too_long";
      readonly maxSeconds: number;
      readonly askedSeconds: number;
    } & Asked)
  | ({ readonly kind: "duration_invalid"; readonly maxSeconds: number } & Asked)
  | { readonly kind: "reason_missing" }
  | { readonly kind: "reason_too_long"; readonly maxCharacters: number; readonly characters: number }
  | {
      readonly kind: "reason_unfit" | "ticket_missing" | "ticket_unfit";
      readonly rule: string;
      readonly message?: string | undefined;
      readonly minLength?: number | undefined;
      readonly matches?: string | undefined;
      /** As it was read. */
      readonly ticket?: string | undefined;
    }
  /** A field that a provider asks for, by its title; `why`: "expected ...", if something was typed. */
  | {
      readonly kind: "input_unfit";
      readonly provider: string;
      readonly field: string;
      readonly title: string;
      readonly why?: string;
    }
  | {
      readonly kind: "conflict";
      readonly conflict: string;
      readonly message?: string | undefined;
      /** What the person holds, or asks for in the same request. */
      readonly holds: string;
      readonly asks: string;
    }
  | { readonly kind: "locked_down"; readonly value: string; readonly reason: string }
  | ({ readonly kind: "too_many"; readonly max: number; readonly held: number } & Asked)
  /** This many of their requests are already waiting for a decision. */
  | { readonly kind: "too_many_pending"; readonly max: number; readonly waiting: number }
  | ({ readonly kind: "too_soon"; readonly until: Date } & Asked)
  | ({ readonly kind: "not_break_glass"; readonly rule: string } & Asked)
  | ({
      readonly kind: "nobody_can_approve";
      readonly step: number;
      readonly count: number;
      readonly available: number;
      /** Why there may be more of them. */
      readonly unreadable: readonly string[];
    } & Asked);

/** The field of the form to show a refusal at, so that the person can fix it there. */
export function fieldOf({ kind }: PolicyRefusal): "resource" | "role" | "duration" | "reason" | "ticket" {
  switch (kind) {
    case "unknown_resource":
      return "resource";
    case "duration_too_long":
    case "duration_invalid":
      return "duration";
    case "reason_missing":
    case "reason_too_long":
    case "reason_unfit":
      return "reason";
    case "ticket_missing":
    case "ticket_unfit":
      return "ticket";
    // Its field is shown with the role.
    case "input_unfit":
    case "unknown_role":
    case "no_rule":
    case "denied":
    case "undecided":
    case "conflict":
    case "locked_down":
    case "too_many":
    case "too_many_pending":
    case "too_soon":
    case "not_break_glass":
    case "nobody_can_approve":
      return "role";
  }
}
