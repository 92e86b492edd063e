import { quoted } from "../../domain/text.ts";
import { formatDuration } from "../../domain/duration.ts";
import { everyRole } from "../everybody.ts";
import { maxDurationOf } from "../decide/limits.ts";
import { covers } from "../decide/match.ts";
import type { Policy, Role, Rule } from "../policy.ts";
import { child, type SourceNode } from "../language/source.ts";
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
  const expires =
    rule.decision === "review"
      ? `a request of ${quoted(rule.name)} expires after ${formatDuration(rule.timeoutSeconds)}`
      : "";
  const timeout = rule.decision === "review" ? rule.timeoutSeconds : Infinity;
  const review = rule.decision === "review" ? rule : undefined;
  return [
    [["max_duration"], rule.limits.maxDurationSeconds, bound, rolesAllow(bound)] as const,
    [["default_duration"], rule.limits.defaultDurationSeconds, longest, rolesAllow(longest)] as const,
    [["revoke_on_idle"], rule.revokeOnIdleSeconds, longest, rolesAllow(longest)] as const,
    [["remind_every"], review?.remindEverySeconds, timeout, expires] as const,
    [["escalate", "after"], review?.escalate?.afterSeconds, timeout, expires] as const,
  ].flatMap(([path, seconds, most, why]) => {
    if (seconds === undefined || seconds <= most) return [];
    const place = path.reduce<SourceNode | undefined>((above, key) => child(above, key), node) ?? node;
    return [warningAt("idle-limit", place.at, `${formatDuration(seconds)} is never reached: ${why}`)];
  });
}
