import { quoted } from "../../domain/text.ts";
import type { PolicyFault } from "./fault.ts";
import { faultAt, type Place, type SourceMap, type SourceNode } from "./source.ts";

type Merged = { readonly root: SourceMap; readonly faults: readonly PolicyFault[] };

/** Sections that several files may each add to; the others may be written only once. */
const mergedSections: ReadonlySet<string> = new Set([
  "people",
  "groups",
  "providers",
  "sinks",
  "resources",
  "conflicts",
  "rules",
]);

/** Merges the files of a folder by section, in the order given. Anything written twice is a fault. */
export function mergeSources(first: SourceMap, others: readonly SourceMap[]): Merged {
  const faults: PolicyFault[] = [];
  const entries = new Map<string, SourceNode>();
  for (const root of [first, ...others]) {
    for (const [section, node] of root.entries) {
      const present = entries.get(section);
      if (!present) entries.set(section, node);
      else if (mergedSections.has(section))
        entries.set(section, mergeSection(section, present, node, faults));
      else faults.push(writtenTwice(section, present, node));
    }
  }
  return { root: { ...first, keyAt: startOf(first.at), entries }, faults };
}

function startOf({ file }: Place): Place {
  return { file, line: 1, column: 1 };
}

function mergeSection(
  section: string,
  present: SourceNode,
  added: SourceNode,
  faults: PolicyFault[],
): SourceNode {
  if (present.kind === "list" && added.kind === "list")
    return { ...present, items: [...present.items, ...added.items] };
  if (present.kind === "map" && added.kind === "map") {
    const entries = new Map(present.entries);
    for (const [key, node] of added.entries) {
      const earlier = entries.get(key);
      if (earlier) faults.push(writtenTwice(key, earlier, node));
      else entries.set(key, node);
    }
    return { ...present, entries };
  }
  const wanted = section === "rules" || section === "conflicts" ? "list" : "map";
  const [wrong, kept] = added.kind === wanted ? [present, added] : [added, present];
  faults.push(faultAt(wrong.at, `expected a ${wanted} under ${quoted(section)}, got something else`));
  return kept;
}

function writtenTwice(key: string, earlier: SourceNode, later: SourceNode): PolicyFault {
  return faultAt(later.keyAt, `${quoted(key)} is already written in ${wordPlace(earlier.keyAt)}`);
}

/** Formats a place: `groups.yml:3:5`. */
export function wordPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}
