import { quoted } from "../../domain/text.ts";
import type { PolicyFault } from "./fault.ts";
import { wordUnknown } from "./nearest.ts";
import { groupOf } from "../principal.ts";
import { child, entriesOf, faultAt, textOf, textsOf, type Place, type SourceNode } from "./source.ts";

/** The names of a section's entries. */
export function namesIn(root: SourceNode, section: string): readonly string[] {
  return entriesOf(child(root, section)).map(([name]) => name);
}

/** Returns a fault if a name is not known. */
export function nameFault(
  what: string,
  at: Place | undefined,
  name: string | undefined,
  known: readonly string[],
): readonly PolicyFault[] {
  if (at === undefined || name === undefined || known.includes(name)) return [];
  return [faultAt(at, wordUnknown(what, name, known, "Known here"))];
}

/** Finds groups that principals name, but that do not exist. */
export function groupFaults(root: SourceNode, principals: SourceNode | undefined): readonly PolicyFault[] {
  return textsOf(principals).flatMap(({ text, at }) => groupNameFault(root, at, groupOf(text)));
}

/** Finds the group that one principal names, if it does not exist. */
export function groupFault(root: SourceNode, principal: SourceNode | undefined): readonly PolicyFault[] {
  return groupNameFault(root, principal?.at, groupOf(textOf(principal) ?? ""));
}

function groupNameFault(
  root: SourceNode,
  at: Place | undefined,
  group: string | undefined,
): readonly PolicyFault[] {
  // Names are listed only if one is unknown: a thousand rules name groups.
  if (group === undefined || child(child(root, "groups"), group)) return [];
  return nameFault("group", at, group, namesIn(root, "groups"));
}

/** Finds resources and roles that `RESOURCE:ROLE` entries name, but that do not exist. */
export function accessFaults(root: SourceNode, access: SourceNode | undefined): readonly PolicyFault[] {
  const resources = child(root, "resources");
  return textsOf(access).flatMap(({ text, at }) => {
    const [resource, role, ...rest] = text.split(":");
    if (resource === undefined || role === undefined || rest.length > 0) return [];
    if (child(child(child(resources, resource), "roles"), role)) return [];
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
