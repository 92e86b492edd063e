import { comparisonWarnings } from "../conditions/comparison-check.ts";
import type { Compiled } from "../conditions/compile.ts";
import { everyRole } from "../everybody.ts";
import { type Reach, reachOf } from "./unreachable-rules.ts";
import { limitWarnings } from "./limit-warnings.ts";
import { bundleConflict } from "../decide/limits.ts";
import { covers } from "../decide/match.ts";
import type { Policy } from "../policy.ts";
import { child, entriesOf, itemsOf, type SourceNode } from "../language/source.ts";
import { stepWarnings } from "./step-warnings.ts";
import { emptyGroupWarnings, unusedWarnings } from "./group-warnings.ts";
import { type PolicyWarning, warningAt } from "./warning.ts";
import { zoneWarnings } from "./zone-warnings.ts";

/**
 * Finds probable mistakes in a policy, in no order. `root` is the source that `policy` was read from. Who is in external groups is
 * not known here, so nothing is reported that they could make untrue.
 */
export function policyWarnings(
  policy: Policy,
  root: SourceNode,
  compiled: Compiled,
): readonly PolicyWarning[] {
  const nodes = itemsOf(child(root, "rules"));
  const reach = reachOf(policy);
  const ofRules = policy.rules.flatMap((rule, index) => {
    const node = nodes[index];
    if (!node) return [];
    // A rule that never decides is not worth fixing in detail.
    const idle = idleWarning(reach, index, node);
    return idle
      ? [idle]
      : [...stepWarnings(policy, reach, index, node), ...limitWarnings(policy, rule, node)];
  });
  return [
    ...ofRules,
    ...comparisonWarnings(root, compiled),
    ...zoneWarnings(root, compiled),
    ...roleWarnings(policy, root),
    ...emptyGroupWarnings(policy, root),
    ...unusedWarnings(policy, root),
  ];
}

function idleWarning({ whyIdle }: Reach, index: number, { at }: SourceNode): PolicyWarning | undefined {
  const why = whyIdle(index);
  return why === undefined ? undefined : warningAt("idle-rule", at, `${why}: it never decides`);
}

function roleWarnings(policy: Policy, root: SourceNode): readonly PolicyWarning[] {
  const giving = policy.rules.filter(({ decision }) => decision !== "deny");
  const given = everyRole(policy).filter(({ resource, role }) =>
    giving.some((rule) => covers(rule, resource, role)),
  );
  const names = new Set(
    given.flatMap(({ resource, role }) => {
      const bundled = policy.resources.get(resource)?.roles.get(role)?.grants ?? [];
      return [`${resource}:${role}`, ...bundled.map((grant) => `${grant.resource}:${grant.role}`)];
    }),
  );
  return entriesOf(child(root, "resources")).flatMap(([resource, node]) =>
    entriesOf(child(node, "roles")).flatMap(([role, { keyAt }]) => {
      const name = `${resource}:${role}`;
      const conflict = bundleConflict(policy, { resource, role });
      return [
        ...(names.has(name) ? [] : [warningAt("ungiven-role", keyAt, `no rule gives ${name} to anybody`)]),
        ...(conflict === undefined
          ? []
          : [
              warningAt(
                "conflicting-bundle",
                keyAt,
                `${name} gives roles that nobody may hold together (${conflict}): nobody is ever given it`,
              ),
            ]),
      ];
    }),
  );
}
