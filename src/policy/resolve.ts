import { createHash } from "node:crypto";
import { approverLists } from "./approvers.ts";
import type { Policy, ProviderEntry, Resource, Rule, RuleStep } from "./policy.ts";
import { defaultTimeoutSeconds, type PolicyFile, type WrittenRule } from "./schema.ts";

/** Fills in defaults and resolves names; everything has been checked before. */
export function resolve(
  file: PolicyFile,
  text: string,
  providers: ReadonlyMap<string, ProviderEntry>,
  targets: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Policy {
  const { settings } = file;
  const groups = new Map(
    Object.entries(file.groups).map(([name, group]) => [name, new Set(group.members)] as const),
  );
  return {
    hash: createHash("sha256").update(text).digest("hex"),
    text,
    settings: { ...settings, alerts: settings.alerts ?? settings.channel },
    people: new Map(
      Object.entries(file.people).map(([email, names]) => [email, new Map(Object.entries(names))] as const),
    ),
    groups,
    providers,
    resources: new Map(
      Object.entries(file.resources).map(([name, resource]) => [
        name,
        resolveResource(name, resource, targets.get(name) ?? new Map()),
      ]),
    ),
    rules: resolveRules(file, groups),
  };
}

function resolveResource(
  name: string,
  { title, provider, risk, roles }: PolicyFile["resources"][string],
  targets: ReadonlyMap<string, unknown>,
): Resource {
  const resolved = Object.entries(roles).map(([role, written]) => {
    const target = targets.get(role);
    const maxDurationSeconds = written.max_duration;
    return [role, { name: role, title: written.title ?? role, target, maxDurationSeconds }] as const;
  });
  return { name, title: title ?? name, provider, risk, roles: new Map(resolved) };
}

function resolveRules(
  { rules, settings }: PolicyFile,
  groups: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Rule[] {
  const approversFor = approverLists((group) => groups.get(group) ?? []);
  return rules.map((rule) => resolveRule(rule, settings.channel, approversFor));
}

function resolveRule(
  rule: WrittenRule,
  channel: string,
  approversFor: (from: readonly string[]) => readonly string[],
): Rule {
  const base = {
    name: rule.name,
    requesters: rule.requesters,
    access: rule.access.map((entry) => {
      const [resource, role] = entry.split(":").map((part) => (part === "*" ? undefined : part));
      return { resource, role };
    }),
    channel: rule.channel ?? channel,
    maxDurationSeconds: rule.max_duration,
  };
  switch (rule.decision) {
    case "allow":
      return { ...base, decision: "allow" };
    case "deny":
      return { ...base, decision: "deny", message: rule.message };
    case "review": {
      const steps = (rule.approvals ?? []).map(({ from, count }): RuleStep => ({
        count,
        from,
        approvers: approversFor(from),
      }));
      // A review without steps would be an allow.
      if (steps.length === 0)
        throw new Error(`Rule "${rule.name}" has no approvals; references.ts let it pass.`);
      return { ...base, decision: "review", steps, timeoutSeconds: rule.timeout ?? defaultTimeoutSeconds };
    }
  }
}
