import type { PastGrant } from "./history.ts";
import type { Asked } from "./match.ts";
import type { AccessPattern, AllowRule, Limits, Policy, ReviewRule, Role } from "../policy.ts";
import type { PolicyRefusal } from "./refusals.ts";

/** A working day: enough for one task, gone by the next morning. */
const defaultMaxDurationSeconds = 8 * 3600;

/** Combines limits: the narrowest of each, and the first default that is given. */
export function narrowest(limits: readonly Limits[]): Limits {
  const said = (key: keyof Limits): readonly number[] =>
    limits.flatMap((each) => (each[key] === undefined ? [] : [each[key]]));
  const least = (values: readonly number[]): number | undefined =>
    values.length === 0 ? undefined : Math.min(...values);
  const cooldowns = said("cooldownSeconds");
  return {
    maxDurationSeconds: least(said("maxDurationSeconds")),
    defaultDurationSeconds: said("defaultDurationSeconds")[0],
    maxActive: least(said("maxActive")),
    cooldownSeconds: cooldowns.length === 0 ? undefined : Math.max(...cooldowns),
  };
}

/** The longest that anybody may ask for: the narrower of the rule's and the role's limit. */
export function maxDurationOf(role: Role, rule: AllowRule | ReviewRule): number {
  const [ofRule, ofRole] = [rule.limits.maxDurationSeconds, role.limits.maxDurationSeconds];
  if (ofRule === undefined || ofRole === undefined) return ofRule ?? ofRole ?? defaultMaxDurationSeconds;
  return Math.min(ofRule, ofRole);
}

/** The duration that the form offers; never more than may be asked for. */
export function defaultDurationOf(role: Role, rule: AllowRule | ReviewRule): number | undefined {
  const offered = rule.limits.defaultDurationSeconds ?? role.limits.defaultDurationSeconds;
  return offered === undefined ? undefined : Math.min(offered, maxDurationOf(role, rule));
}

/** Why what a person holds, or held recently, rules out their request. */
export function historyRefusal(
  { policy, facts, ask }: Asked,
  role: Role,
  rule: AllowRule | ReviewRule,
): PolicyRefusal | undefined {
  const asked = { resource: ask.resource, role: ask.role };
  const { grants } = facts.history;
  const sameRule = grants.filter((past) => past.rule === rule.name);
  return (
    conflict(policy, role, asked, grants) ??
    roleRefusal(policy, accessOf(policy, asked), grants, ask.now) ??
    limitRefusal(rule.limits, sameRule, asked, ask.now)
  );
}

/** Checks the limits of the role and, for a bundle, of each role in it; grants count whether given alone or in a bundle. */
function roleRefusal(
  policy: Policy,
  wanted: readonly Access[],
  grants: readonly PastGrant[],
  now: Date,
): PolicyRefusal | undefined {
  for (const one of wanted) {
    const limits = policy.resources.get(one.resource)?.roles.get(one.role)?.limits;
    if (limits?.maxActive === undefined && limits?.cooldownSeconds === undefined) continue;
    const same = grants.filter((past) => accessOf(policy, past).some((other) => isSame(one, other)));
    const refusal = limitRefusal(limits, same, one, now);
    if (refusal) return refusal;
  }
  return undefined;
}

function limitRefusal(
  { maxActive, cooldownSeconds }: Limits,
  grants: readonly PastGrant[],
  asked: Access,
  now: Date,
): PolicyRefusal | undefined {
  const held = grants.filter(({ endedAt }) => endedAt === undefined).length;
  if (maxActive !== undefined && held >= maxActive)
    return { kind: "too_many", resource: asked.resource, role: asked.role, max: maxActive, held };
  if (cooldownSeconds === undefined) return undefined;
  const ends = grants.flatMap(({ endedAt }) => (endedAt === undefined ? [] : [endedAt.getTime()]));
  const until = new Date(Math.max(...ends) + cooldownSeconds * 1000);
  return ends.length > 0 && now < until
    ? { kind: "too_soon", resource: asked.resource, role: asked.role, until }
    : undefined;
}

/** The name of the conflict between roles that a bundle itself gives, if there is one. */
export function bundleConflict(policy: Policy, asked: Access): string | undefined {
  const role = policy.resources.get(asked.resource)?.roles.get(asked.role);
  const refusal = role && conflict(policy, role, asked, []);
  return refusal?.kind === "conflict" ? refusal.conflict : undefined;
}

function conflict(
  policy: Policy,
  role: Role,
  asked: { readonly resource: string; readonly role: string },
  grants: readonly PastGrant[],
): PolicyRefusal | undefined {
  if (policy.conflicts.length === 0) return undefined;
  const wanted = accessOf(policy, asked);
  const held = grants
    .filter(({ endedAt }) => endedAt === undefined)
    .flatMap((past) => accessOf(policy, past));
  const asks = role.grants.map(({ resource, role: name }) => ({ resource, role: name }));
  for (const { name, between, message } of policy.conflicts) {
    for (const one of wanted) {
      for (const other of [...held, ...asks]) {
        if (!clash(between, one, other)) continue;
        return { kind: "conflict", conflict: name, message, holds: word(other), asks: word(one) };
      }
    }
  }
  return undefined;
}

type Access = { readonly resource: string; readonly role: string };

/** A role, and for a bundle everything in it. */
function accessOf(policy: Policy, { resource, role }: Access): readonly Access[] {
  const bundled = policy.resources.get(resource)?.roles.get(role)?.grants ?? [];
  const itself = { resource, role };
  return [itself, ...bundled.filter((grant) => !isSame(grant, itself))];
}

function clash(between: readonly AccessPattern[], one: Access, other: Access): boolean {
  if (isSame(one, other)) return false;
  return between.some(
    (pattern, index) =>
      fits(pattern, one) && between.some((rival, place) => place !== index && fits(rival, other)),
  );
}

function fits(pattern: AccessPattern, { resource, role }: Access): boolean {
  return (pattern.resource ?? resource) === resource && (pattern.role ?? role) === role;
}

function isSame(one: Access, other: Access): boolean {
  return one.resource === other.resource && one.role === other.role;
}

function word({ resource, role }: Access): string {
  return `${resource}:${role}`;
}
