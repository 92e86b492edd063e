import { quoted } from "../../domain/text.ts";
import type { Policy } from "../policy.ts";
import { groupOf } from "../principal.ts";
import {
  child,
  entriesOf,
  itemsOf,
  textOf,
  textsOf,
  type Place,
  type SourceNode,
} from "../language/source.ts";
import { type PolicyWarning, warningAt } from "./warning.ts";

type Named = { readonly group: string; readonly at: Place };

/** Finds groups without members that are to ask, approve or look after something. */
export function emptyGroupWarnings(policy: Policy, root: SourceNode): readonly PolicyWarning[] {
  const isEmpty = (group: string | undefined): boolean => {
    const source = group === undefined ? undefined : policy.groups.get(group);
    return source?.kind === "members" && source.members.size === 0;
  };
  // A rule that has nobody at all among its requesters is reported as a whole.
  const saidElsewhere = new Set(
    itemsOf(child(root, "rules")).flatMap((rule) => {
      const requesters = textsOf(child(rule, "requesters"));
      return requesters.every(({ text }) => isEmpty(groupOf(text))) ? requesters.map(({ at }) => at) : [];
    }),
  );
  return namedGroups(root).flatMap(({ group, at }) =>
    isEmpty(group) && !saidElsewhere.has(at)
      ? [warningAt("empty-group", at, `nobody is in ${quoted(group)}`)]
      : [],
  );
}

/** Finds groups and providers that nothing names. */
export function unusedWarnings(policy: Policy, root: SourceNode): readonly PolicyWarning[] {
  const groups = new Set(namedGroups(root).map(({ group }) => group));
  const conditions = policy.rules.flatMap(({ when }) => (when ? [when.text] : []));
  const isRead = (group: string): boolean =>
    conditions.some((text) => text.includes(`"${group}"`) || text.includes(`'${group}'`));
  const resources = entriesOf(child(root, "resources"));
  const providers = new Set(resources.map(([, node]) => textOf(child(node, "provider"))));
  return [
    ...entriesOf(child(root, "groups")).flatMap(([name, { keyAt }]) =>
      groups.has(name) || isRead(name) || isOnCallRead(policy, name)
        ? []
        : [warningAt("unused-group", keyAt, `nothing names the group ${quoted(name)}`)],
    ),
    ...entriesOf(child(root, "providers")).flatMap(([name, { keyAt }]) =>
      providers.has(name)
        ? []
        : [warningAt("unused-provider", keyAt, `no resource uses the provider ${quoted(name)}`)],
    ),
  ];
}

/** A schedule is read to find out who is on call, whether or not it is named. */
function isOnCallRead(policy: Policy, name: string): boolean {
  const kind = policy.groups.get(name)?.kind;
  if (kind !== "pagerduty" && kind !== "opsgenie") return false;
  return policy.rules.some(
    (rule) =>
      rule.when?.text.includes("on_call") === true ||
      (rule.decision === "review" && rule.steps.some(({ notify }) => notify === "on-call")),
  );
}

/** Every place that names a group as a principal. */
function namedGroups(root: SourceNode): readonly Named[] {
  const settings = child(root, "settings");
  const lists = [
    child(settings, "admins"),
    child(settings, "auditors"),
    ...itemsOf(child(root, "rules")).flatMap((rule) => [
      child(rule, "requesters"),
      ...itemsOf(child(rule, "approvals")).map((step) => child(step, "from")),
      child(child(rule, "escalate"), "to"),
      child(child(rule, "break_glass"), "by"),
      child(child(rule, "break_glass"), "review_by"),
    ]),
  ];
  const pinged = itemsOf(child(root, "rules")).flatMap((rule) =>
    itemsOf(child(rule, "approvals")).flatMap((step) => {
      const notify = child(step, "notify");
      return notify ? [{ text: textOf(notify) ?? "", at: notify.at }] : [];
    }),
  );
  return [...lists.flatMap(textsOf), ...pinged].flatMap(({ text, at }) => {
    const group = groupOf(text);
    return group === undefined ? [] : [{ group, at }];
  });
}
