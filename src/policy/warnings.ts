import { anybodyElse, everyRole, knownPeople } from "./everybody.ts";
import { covers, matchesPrincipal } from "./evaluate.ts";
import type { PolicyFault } from "./fault.ts";
import type { Policy, Rule } from "./policy.ts";
import { child, entriesOf, faultAt, itemsOf, listed, quoted, type SourceNode } from "./source.ts";

/** What a policy may say, and hardly means; in no order. `root` is what `policy` was read from. */
export function policyWarnings(policy: Policy, root: SourceNode): readonly PolicyFault[] {
  const nodes = itemsOf(child(root, "rules"));
  const people = [...new Set([...knownPeople(policy), anybodyElse])];
  const rules = policy.rules.map((rule) => ({
    rule,
    matched: new Set(people.filter((person) => matchesPrincipal(policy, rule.requesters, person))),
  }));
  const idle = rules.flatMap((one, index) => {
    const node = nodes[index];
    const why = whyIdle(policy, one, rules.slice(0, index));
    return node && why !== undefined ? [faultAt(node.at, `${why}: it never decides`)] : [];
  });
  return [...idle, ...ungivenRoles(policy, root)];
}

type Matching = { readonly rule: Rule; readonly matched: ReadonlySet<string> };

/** Why a rule never decides anything; `undefined` when it does. */
function whyIdle(
  policy: Policy,
  { rule, matched }: Matching,
  earlier: readonly Matching[],
): string | undefined {
  if (matched.size === 0) return `nobody is among the requesters of ${quoted(rule.name)}`;
  const before = new Set<string>();
  for (const { resource, role } of everyRole(policy)) {
    if (!covers(rule, resource, role)) continue;
    const rivals = earlier.filter((other) => covers(other.rule, resource, role));
    for (const person of matched) {
      const first = rivals.find((other) => other.matched.has(person));
      if (first === undefined) return undefined;
      before.add(quoted(first.rule.name));
    }
  }
  if (before.size === 0) return `no role is covered by ${quoted(rule.name)}`;
  return `all that ${quoted(rule.name)} matches is decided before by ${listed([...before])}`;
}

function ungivenRoles(policy: Policy, root: SourceNode): readonly PolicyFault[] {
  const given = policy.rules.filter(({ decision }) => decision !== "deny");
  return entriesOf(child(root, "resources")).flatMap(([resource, node]) =>
    entriesOf(child(node, "roles")).flatMap(([role, { keyAt }]) =>
      given.some((rule) => covers(rule, resource, role))
        ? []
        : [faultAt(keyAt, `no rule gives ${resource}:${role} to anybody`)],
    ),
  );
}
