import { quoted } from "../../domain/text.ts";
import { formatDuration, parseDuration } from "../../domain/duration.ts";
import { everyRole } from "../everybody.ts";
import { maxDurationOf } from "../decide/limits.ts";
import { covers } from "../decide/match.ts";
import type { Policy, Role, Rule } from "../policy.ts";
import { bounded } from "../language/rule-keys.ts";
import { descendant, type SourceNode, textOf } from "../language/source.ts";
import { type PolicyWarning, warningAt } from "./warning.ts";

/** Finds durations of a rule that are never reached, because of another limit. */
export function limitWarnings(policy: Policy, rule: Rule, node: SourceNode): readonly PolicyWarning[] {
  if (rule.decision === "deny") return [];
  const roles = everyRole(policy).flatMap(({ resource, role }): readonly Role[] => {
    const found = policy.resources.get(resource)?.roles.get(role);
    return found && covers(rule, resource, role) ? [found] : [];
  });
  const bound = Math.max(...roles.map(({ limits }) => limits.maxDurationSeconds ?? Infinity));
  const longest = Math.max(...roles.map((role) => maxDurationOf(role, rule)));
  const rolesAllow = (seconds: number): string =>
    `every role that ${quoted(rule.name)} covers allows at most ${formatDuration(seconds)}`;
  const found = (path: readonly string[], most: number, why: string): readonly PolicyWarning[] => {
    const place = descendant(node, path);
    const seconds = parseDuration(textOf(place) ?? "");
    if (!place || seconds === undefined || seconds <= most) return [];
    return [warningAt("idle-limit", place.at, `${formatDuration(seconds)} is never reached: ${why}`)];
  };
  return [
    ...found(["max_duration"], bound, rolesAllow(bound)),
    ...bounded.flatMap(({ path, bound: key }) => {
      if (key === "max_duration") return found(path, longest, rolesAllow(longest));
      if (rule.decision === "allow") return [];
      const expires = `a request of ${quoted(rule.name)} expires after ${formatDuration(rule.timeoutSeconds)}`;
      return found(path, rule.timeoutSeconds, expires);
    }),
  ];
}
