import { isWithin } from "../hours.ts";
import { type AskedField, fieldsOf } from "./input.ts";
import { defaultDurationOf, maxDurationOf } from "./limits.ts";
import { isAbout } from "./match.ts";
import type { Memberships } from "../membership.ts";
import { isAmong, memberStatus } from "../people.ts";
import type { AllowRule, Policy, Resource, ReviewRule, Rule } from "../policy.ts";
import { normalEmail } from "../principal.ts";
import { riskOf } from "./risk.ts";
import type { Risk } from "../language/words.ts";

/** A role that a person may ask for. */
export type Requestable = {
  readonly resource: string;
  readonly resourceTitle: string;
  readonly role: string;
  readonly roleTitle: string;
  readonly risk: Risk;
  /** The longest duration that any rule which may decide lets them ask for. */
  readonly maxDurationSeconds: number;
  readonly defaultDurationSeconds: number | undefined;
  /** `depends`: on the details of the request. */
  readonly verdict: "allow" | "review" | "depends";
  readonly needsTicket: boolean;
  readonly mayBreakGlass: boolean;
  /** What its providers require the requester to type. */
  readonly fields: readonly AskedField[];
};

/** Lists what a person may ask for in Slack now, in the policy's order: everything that is not refused whatever they say. */
export function requestable(
  policy: Policy,
  memberships: Memberships,
  email: string,
  now: Date,
): readonly Requestable[] {
  const rules = rulesFor(policy, memberships, normalEmail(email), now);
  return [...policy.resources.values()].flatMap((resource) =>
    rolesOf(policy, memberships, email, resource, rules),
  );
}

/** Does the same for one resource. */
export function requestableRoles(
  policy: Policy,
  memberships: Memberships,
  email: string,
  now: Date,
  resource: Resource,
): readonly Requestable[] {
  return rolesOf(
    policy,
    memberships,
    email,
    resource,
    rulesFor(policy, memberships, normalEmail(email), now),
  );
}

/** A rule that may decide; `isCertain` if only the role is left to know. */
type Candidate = { readonly rule: Rule; readonly isCertain: boolean };

/** The rules that may decide for this person now; what cannot be found out counts as possible. */
function rulesFor(policy: Policy, memberships: Memberships, email: string, now: Date): readonly Candidate[] {
  return policy.rules.flatMap((rule) => {
    const { is } = memberStatus(policy, memberships, rule.requesters, email);
    const isOpen = rule.hours === undefined || isWithin(rule.hours, now, policy.settings.timezone);
    if (is === "out" || rule.fromIp !== undefined || !isOpen) return [];
    return [{ rule, isCertain: is === "in" && rule.when === undefined }];
  });
}

function rolesOf(
  policy: Policy,
  memberships: Memberships,
  email: string,
  resource: Resource,
  rules: readonly Candidate[],
): readonly Requestable[] {
  const roles = [...resource.roles.values()];
  // A policy may have a thousand rules and as many roles; most rules are about other resources.
  const names = new Set([
    resource.name,
    ...roles.flatMap((role) => role.grants.map((grant) => grant.resource)),
  ]);
  const near = rules.filter(({ rule }) =>
    rule.access.some((pattern) => pattern.resource === undefined || names.has(pattern.resource)),
  );
  return roles.flatMap((role) => {
    const candidates = deciders(near.filter(({ rule }) => isAbout(rule, resource.name, role)));
    const giving = candidates
      .map(({ rule }) => rule)
      .filter((rule): rule is AllowRule | ReviewRule => rule.decision !== "deny");
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
        risk: riskOf(policy, resource, role),
        maxDurationSeconds: Math.max(...giving.map((rule) => maxDurationOf(role, rule))),
        defaultDurationSeconds: defaultDurationOf(role, first),
        verdict: candidates[0]?.isCertain === true ? first.decision : "depends",
        fields: fieldsOf(policy, role.grants),
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

/** Keeps the rules up to the first certain one: later ones are never reached. */
function deciders(candidates: readonly Candidate[]): readonly Candidate[] {
  const certain = candidates.findIndex(({ isCertain }) => isCertain);
  return certain === -1 ? candidates : candidates.slice(0, certain + 1);
}
