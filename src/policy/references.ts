import type { PolicyFault } from "./fault.ts";
import { wordPlace } from "./merge.ts";
import { wordUnknown } from "./nearest.ts";
import { approverLists } from "./approvers.ts";
import { groupOf, normalEmail } from "./schema.ts";
import {
  child,
  entriesOf,
  faultAt,
  itemsOf,
  listed,
  quoted,
  textOf,
  textsOf,
  type Place,
  type SourceNode,
} from "./source.ts";

// These checks read the written file, not the schema's result, and pass over whatever has the wrong shape: all faults
// are said at once, and a name is known even where its entry is faulty.

/** Faults in what the parts of a policy say about one another. */
export function referenceFaults(root: SourceNode): readonly PolicyFault[] {
  const rules = itemsOf(child(root, "rules"));
  const settings = child(root, "settings");
  const approversFor = approverLists((group) =>
    textsOf(child(child(child(root, "groups"), group), "members")).map(({ text }) => text),
  );
  return [
    ...peopleFaults(root),
    ...groupFaults(root, child(settings, "admins")),
    ...groupFaults(root, child(settings, "auditors")),
    ...entriesOf(child(root, "resources")).flatMap(([, resource]) => {
      const provider = child(resource, "provider");
      return nameFault("provider", provider?.at, textOf(provider), namesIn(root, "providers"));
    }),
    ...duplicateRules(rules),
    ...rules.flatMap((rule) => [
      ...groupFaults(root, child(rule, "requesters")),
      ...accessFaults(root, child(rule, "access")),
      ...decisionFaults(rule),
      ...itemsOf(child(rule, "approvals")).flatMap((step) => stepFaults(root, step, approversFor)),
    ]),
  ];
}

function namesIn(root: SourceNode, section: string): readonly string[] {
  return entriesOf(child(root, section)).map(([name]) => name);
}

function nameFault(
  what: string,
  at: Place | undefined,
  name: string | undefined,
  known: readonly string[],
): readonly PolicyFault[] {
  if (at === undefined || name === undefined || known.includes(name)) return [];
  return [faultAt(at, wordUnknown(what, name, known, "Known here"))];
}

function peopleFaults(root: SourceNode): readonly PolicyFault[] {
  const seen = new Map<string, Place>();
  return entriesOf(child(root, "people")).flatMap(([email, names]) => {
    const earlier = seen.get(normalEmail(email));
    seen.set(normalEmail(email), names.keyAt);
    const twice = earlier
      ? [faultAt(names.keyAt, `${quoted(email)} is already written in ${wordPlace(earlier)}`)]
      : [];
    const providers = entriesOf(names).flatMap(([provider, subject]) =>
      nameFault("provider", subject.keyAt, provider, namesIn(root, "providers")),
    );
    return [...twice, ...providers];
  });
}

function groupFaults(root: SourceNode, principals: SourceNode | undefined): readonly PolicyFault[] {
  return textsOf(principals).flatMap(({ text, at }) =>
    nameFault("group", at, groupOf(text), namesIn(root, "groups")),
  );
}

function accessFaults(root: SourceNode, access: SourceNode | undefined): readonly PolicyFault[] {
  const resources = child(root, "resources");
  return textsOf(access).flatMap(({ text, at }) => {
    const [resource, role, ...rest] = text.split(":");
    if (resource === undefined || role === undefined || rest.length > 0) return [];
    if (resource !== "*" && !child(resources, resource))
      return nameFault("resource", at, resource, namesIn(root, "resources"));
    const candidates = entriesOf(resources).filter(([name]) => resource === "*" || name === resource);
    const roles = [
      ...new Set(candidates.flatMap(([, node]) => entriesOf(child(node, "roles")).map(([name]) => name))),
    ];
    if (role !== "*") return nameFault("role", at, role, roles);
    return roles.length > 0 ? [] : [faultAt(at, `${quoted(text)} matches nothing: there are no roles here`)];
  });
}

function duplicateRules(rules: readonly SourceNode[]): readonly PolicyFault[] {
  const seen = new Map<string, Place>();
  return rules.flatMap((rule) => {
    const node = child(rule, "name");
    const name = textOf(node);
    if (!node || name === undefined) return [];
    const earlier = seen.get(name);
    if (!earlier) seen.set(name, node.at);
    return earlier
      ? [faultAt(node.at, `duplicate rule name ${quoted(name)}, already in ${wordPlace(earlier)}`)]
      : [];
  });
}

/** What only makes sense with one decision, and what it is for. */
const belongsTo = { approvals: "review", timeout: "review", message: "deny" } as const;

function decisionFaults(rule: SourceNode): readonly PolicyFault[] {
  const decision = child(rule, "decision");
  const said = textOf(decision);
  if (!decision || (said !== "allow" && said !== "review" && said !== "deny")) return [];
  const misplaced = Object.entries(belongsTo).flatMap(([key, wanted]) => {
    const node = child(rule, key);
    return node && said !== wanted
      ? [faultAt(node.keyAt, `${quoted(key)} goes with decision ${wanted} only, got decision ${said}`)]
      : [];
  });
  if (said !== "review" || child(rule, "approvals")) return misplaced;
  return [...misplaced, faultAt(decision.at, 'expected "approvals" with decision review, got none')];
}

function stepFaults(
  root: SourceNode,
  step: SourceNode,
  approversFor: (from: readonly string[]) => readonly string[],
): readonly PolicyFault[] {
  const from = child(step, "from");
  const counted = child(step, "count");
  const count = counted === undefined ? 1 : counted.kind === "scalar" ? counted.value : undefined;
  const unknown = groupFaults(root, from);
  if (!from || typeof count !== "number" || unknown.length > 0 || itemsOf(from).length === 0) return unknown;
  const people = approversFor(textsOf(from).map(({ text }) => text));
  if (count <= people.length) return [];
  const listedPeople =
    people.length === 0 ? "nobody" : `only ${people.length > 5 ? people.length : listed(people)}`;
  const message = `expected at least ${count} ${count === 1 ? "person" : "people"} who can approve, got ${listedPeople}`;
  return [faultAt((counted ?? from).at, message)];
}
