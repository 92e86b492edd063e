import { isWithin } from "./hours.ts";
import { defaultDurationOf, maxDurationOf } from "./limits.ts";
import { covers } from "./match.ts";
import type { Memberships } from "./membership.ts";
import { isAmong, standingAmong } from "./people.ts";
import type { AllowRule, Policy, Resource, ReviewRule, Rule } from "./policy.ts";
import { normalEmail } from "./principal.ts";
import type { Risk } from "./words.ts";

/** A role that a person may ask for. */
export type Askable = {
  readonly resource: string;
  readonly resourceTitle: string;
  readonly role: string;
  readonly roleTitle: string;
  readonly risk: Risk;
  /** The longest that any rule which may come to decide lets them ask for. */
  readonly maxDurationSeconds: number;
  readonly defaultDurationSeconds: number | undefined;
  /** `depends`: on what they ask for. */
  readonly verdict: "allow" | "review" | "depends";
  readonly needsTicket: boolean;
  readonly mayBreakGlass: boolean;
};

/** What a person may ask for in Slack now, in the policy's order: all that no rule denies whatever they say. */
export function askable(
  policy: Policy,
  memberships: Memberships,
  email: string,
  now: Date,
): readonly Askable[] {
  const rules = rulesFor(policy, memberships, normalEmail(email), now);
  return [...policy.resources.values()].flatMap((resource) =>
    rolesOf(policy, memberships, email, resource, rules),
  );
}

/** The same for one resource. */
export function askableRoles(
  policy: Policy,
  memberships: Memberships,
  email: string,
  now: Date,
  resource: Resource,
): readonly Askable[] {
  return rolesOf(
    policy,
    memberships,
    email,
    resource,
    rulesFor(policy, memberships, normalEmail(email), now),
  );
}

/** The rules that may come to decide for this person now; what cannot be found out counts as may. */
function rulesFor(policy: Policy, memberships: Memberships, email: string, now: Date): readonly Rule[] {
  return policy.rules.filter(
    (rule) =>
      standingAmong(policy, memberships, rule.requesters, email).is !== "out" &&
      rule.fromIp === undefined &&
      (rule.hours === undefined || isWithin(rule.hours, now, policy.settings.timezone)),
  );
}

function rolesOf(
  policy: Policy,
  memberships: Memberships,
  email: string,
  resource: Resource,
  rules: readonly Rule[],
): readonly Askable[] {
  return [...resource.roles.values()].flatMap((role) => {
    const candidates = deciders(rules.filter((rule) => covers(rule, resource.name, role.name)));
    const giving = candidates.filter((rule): rule is AllowRule | ReviewRule => rule.decision !== "deny");
    const [first] = giving;
    if (!first) return [];
    const titles = {
      resource: resource.name,
      resourceTitle: resource.title,
      role: role.name,
      roleTitle: role.title,
    };
    return [
      {
        ...titles,
        risk: resource.risk,
        maxDurationSeconds: Math.max(...giving.map((rule) => maxDurationOf(role, rule))),
        defaultDurationSeconds: defaultDurationOf(role, first),
        verdict: candidates.length === 1 && !first.when ? first.decision : "depends",
        needsTicket: giving.every((rule) => rule.requires.ticket !== undefined),
        mayBreakGlass: giving.some(
          (rule) =>
            rule.decision === "review" &&
            rule.breakGlass !== undefined &&
            isAmong(policy, memberships, rule.breakGlass.by, email),
        ),
      },
    ];
  });
}

/** Up to the first rule without a condition: what comes after it is never asked. */
function deciders(rules: readonly Rule[]): readonly Rule[] {
  const certain = rules.findIndex((rule) => rule.when === undefined);
  return certain === -1 ? rules : rules.slice(0, certain + 1);
}
