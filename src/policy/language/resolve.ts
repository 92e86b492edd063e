import { createHash } from "node:crypto";
import type { Compiled } from "../conditions/compile.ts";
import { narrowest } from "../decide/limits.ts";
import type { GroupSource } from "../membership.ts";
import type {
  AccessPattern,
  Limits,
  Policy,
  ProviderEntry,
  Requirement,
  Resource,
  Role,
  RoleGrant,
  Rule,
} from "../policy.ts";
import {
  defaultTimeoutSeconds,
  givingKeys,
  reviewKeys,
  termsOf,
  type WrittenLimits,
  type WrittenRule,
} from "./rule-keys.ts";
import type { PolicyFile, WrittenGroup } from "./schema.ts";

/** What was read besides the file itself, and checked. */
export type Parts = {
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  /** By resource, then role. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly compiled: Compiled;
};

/** Fills in defaults and resolves names; expects that everything has been checked. */
export function resolve(file: PolicyFile, text: string, { providers, targets, compiled }: Parts): Policy {
  const { max_pending: maxPending, keep_effects: keepEffectsSeconds, ...settings } = file.settings;
  const rules = file.rules.map((rule) => resolveRule(rule, settings.channel, compiled));
  const resources = resolveResources(file, targets);
  const groups = new Map(
    Object.entries(file.groups).map(([name, group]) => [name, sourceOf(group)] as const),
  );
  return {
    hash: createHash("sha256").update(text).digest("hex"),
    text,
    settings: {
      ...settings,
      maxPending,
      keepEffectsSeconds,
      alerts: settings.alerts ?? settings.channel,
      drift: { unknown: settings.drift.unknown, everySeconds: settings.drift.every },
    },
    people: resolvePeople(file, providers),
    groups,
    outsideGroups: new Map([...groups].filter(([, { kind }]) => kind !== "members")),
    providers,
    sinks: new Map(Object.entries(file.sinks)),
    resources,
    conflicts: file.conflicts.map(({ name, between, message }) => ({
      name,
      between: between.map(patternOf),
      message,
    })),
    rules,
    usesHistory: file.conflicts.length > 0 || looksBack(rules, resources),
    ...(!rules.some(readsHistory) && { looksBackSeconds: longestCooldown(rules, resources) }),
  };
}

function resolvePeople(file: PolicyFile, providers: Parts["providers"]): Policy["people"] {
  return new Map(
    Object.entries(file.people).map(([email, names]) => {
      const canonical = Object.entries(names).map(
        ([provider, name]) => [provider, providers.get(provider)?.canonicalSubject(name) ?? name] as const,
      );
      return [email, new Map(canonical)] as const;
    }),
  );
}

function looksBack(rules: readonly Rule[], resources: ReadonlyMap<string, Resource>): boolean {
  const counts = ({ maxActive, cooldownSeconds }: Limits): boolean =>
    maxActive !== undefined || cooldownSeconds !== undefined;
  return (
    rules.some((rule) => readsHistory(rule) || (rule.decision !== "deny" && counts(rule.limits))) ||
    [...resources.values()].some(({ roles }) => [...roles.values()].some((role) => counts(role.limits)))
  );
}

function readsHistory({ when }: Rule): boolean {
  return when?.uses.has("history") === true;
}

function longestCooldown(rules: readonly Rule[], resources: ReadonlyMap<string, Resource>): number {
  const ofRules = rules.flatMap((rule) => (rule.decision === "deny" ? [] : [rule.limits]));
  const ofRoles = [...resources.values()].flatMap(({ roles }) =>
    Array.from(roles.values(), ({ limits }) => limits),
  );
  return Math.max(0, ...[...ofRules, ...ofRoles].map(({ cooldownSeconds = 0 }) => cooldownSeconds));
}

function sourceOf({ members, slack, pagerduty, opsgenie }: WrittenGroup): GroupSource {
  if (slack !== undefined) return { kind: "slack", handle: slack.replace(/^@/, "") };
  if (pagerduty !== undefined) return { kind: "pagerduty", schedule: pagerduty };
  if (opsgenie !== undefined) return { kind: "opsgenie", schedule: opsgenie };
  return { kind: "members", members: new Set(members) };
}

function resolveResources(file: PolicyFile, targets: Parts["targets"]): ReadonlyMap<string, Resource> {
  const grantOf = (entry: string): RoleGrant => {
    const [resource = "", role = ""] = entry.split(":");
    const provider = file.resources[resource]?.provider ?? "";
    return { resource, role, provider, target: targets.get(resource)?.get(role) };
  };
  return new Map(
    Object.entries(file.resources).map(([name, { title, risk, drift, roles }]) => {
      const resolved = Object.entries(roles).map(([role, written]): readonly [string, Role] => {
        const bundled = [...new Set(written.bundle ?? [`${name}:${role}`])];
        const members = bundled.map((entry) => memberLimits(file, entry));
        return [
          role,
          {
            name: role,
            title: written.title ?? role,
            grants: bundled.map(grantOf),
            limits: narrowest([limitsOf(written), ...members]),
          },
        ];
      });
      const unknownAccess = drift?.unknown ?? file.settings.drift.unknown;
      return [name, { name, title: title ?? name, risk, unknownAccess, roles: new Map(resolved) }] as const;
    }),
  );
}

/** A bundle may be given no longer and no more often than the roles in it. */
function memberLimits(file: PolicyFile, entry: string): Limits {
  const [resource = "", role = ""] = entry.split(":");
  const written = file.resources[resource]?.roles[role];
  return written ? limitsOf(written) : {};
}

function limitsOf(written: WrittenLimits): Limits {
  return {
    maxDurationSeconds: written.max_duration,
    defaultDurationSeconds: written.default_duration,
    maxActive: written.max_active,
    cooldownSeconds: written.cooldown,
  };
}

function patternOf(entry: string): AccessPattern {
  const [resource, role] = entry.split(":").map((part) => (part === "*" ? undefined : part));
  return { resource, role };
}

function resolveRule(rule: WrittenRule, channel: string, compiled: Compiled): Rule {
  const base = {
    name: rule.name,
    requesters: rule.requesters,
    access: rule.access.map(patternOf),
    when: rule.when === undefined ? undefined : compiled.condition(rule.when),
    hours: rule.hours,
    fromIp: rule.from_ip,
    channel: rule.channel ?? channel,
  };
  if (rule.decision === "deny") return { ...base, decision: "deny", message: rule.message };
  const giving = {
    ...base,
    requires: {
      reason: rule.requires?.reason && requirementOf(rule.requires.reason, compiled),
      ticket: rule.requires?.ticket && requirementOf(rule.requires.ticket, compiled),
    },
    limits: limitsOf(rule),
    terms: termsOf(rule, givingKeys),
  };
  if (rule.decision === "allow") return { ...giving, decision: "allow" };
  const steps = (rule.approvals ?? []).map(({ count, from, notify }) => ({ count, from, notify }));
  // A review without steps would be an allow.
  if (steps.length === 0) throw new Error(`Rule "${rule.name}" has no approvals; references.ts let it pass.`);
  return {
    ...giving,
    decision: "review",
    reviewTerms: termsOf(rule, reviewKeys),
    steps,
    timeoutSeconds: rule.timeout ?? defaultTimeoutSeconds,
    escalate: rule.escalate && { afterSeconds: rule.escalate.after, to: rule.escalate.to },
    breakGlass: rule.break_glass && {
      by: rule.break_glass.by,
      reviewBy: rule.break_glass.review_by,
      withinSeconds: rule.break_glass.within,
    },
  };
}

function requirementOf(
  written: {
    readonly min_length?: number | undefined;
    readonly matches?: string | undefined;
    readonly message?: string | undefined;
  },
  compiled: Compiled,
): Requirement {
  return {
    minLength: written.min_length,
    pattern: written.matches === undefined ? undefined : compiled.pattern(written.matches),
    message: written.message,
  };
}
