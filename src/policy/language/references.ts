import { quoted } from "../../domain/text.ts";
import { bundleFaults } from "./bundle-check.ts";
import type { PolicyFault } from "./fault.ts";
import { wordPlace } from "./merge.ts";
import { accessFaults, groupFaults, nameFault, namesIn } from "./name-check.ts";
import { normalEmail } from "../principal.ts";
import { ruleFaults } from "./rule-check.ts";
import { child, entriesOf, faultAt, itemsOf, textOf, type Place, type SourceNode } from "./source.ts";

// These checks read the file as written, not the schema's result, and skip whatever has the wrong shape: all faults are reported
// at once, and a name is known even if its entry is faulty.

/** Checks what the parts of a policy say about one another. */
export function referenceFaults(root: SourceNode): readonly PolicyFault[] {
  const rules = itemsOf(child(root, "rules"));
  const settings = child(root, "settings");
  return [
    ...peopleFaults(root),
    ...groupFaults(root, child(settings, "admins")),
    ...groupFaults(root, child(settings, "auditors")),
    ...entriesOf(child(root, "resources")).flatMap(([, resource]) => {
      const provider = child(resource, "provider");
      return nameFault("provider", provider?.at, textOf(provider), namesIn(root, "providers"));
    }),
    ...bundleFaults(root),
    ...itemsOf(child(root, "conflicts")).flatMap((conflict) =>
      accessFaults(root, child(conflict, "between")),
    ),
    ...duplicateNames("rule", rules),
    ...duplicateNames("conflict", itemsOf(child(root, "conflicts"))),
    ...ruleFaults(root),
  ];
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

function duplicateNames(what: string, entries: readonly SourceNode[]): readonly PolicyFault[] {
  const seen = new Map<string, Place>();
  return entries.flatMap((entry) => {
    const node = child(entry, "name");
    const name = textOf(node);
    if (!node || name === undefined) return [];
    const earlier = seen.get(name);
    if (!earlier) seen.set(name, node.at);
    return earlier
      ? [faultAt(node.at, `duplicate ${what} name ${quoted(name)}, already in ${wordPlace(earlier)}`)]
      : [];
  });
}
