import type { PolicyFault } from "./fault.ts";
import type { ProviderEntry } from "../policy.ts";
import { child, entriesOf, faultAt, textOf, textsOf, type SourceNode } from "./source.ts";

/** More fields make a form that nobody fills in, and a message that nobody reads. */
const mostFields = 10;

/** Finds roles whose providers together ask for more fields than the form can show. */
export function inputFaultsIn(
  root: SourceNode,
  providers: ReadonlyMap<string, ProviderEntry>,
): readonly PolicyFault[] {
  const resources = child(root, "resources");
  return entriesOf(resources).flatMap(([name, resource]) =>
    entriesOf(child(resource, "roles")).flatMap(([role, node]) => {
      const bundle = child(node, "bundle");
      const entries = bundle ? textsOf(bundle).map(({ text }) => text) : [`${name}:${role}`];
      const names = entries.map((entry) =>
        textOf(child(child(resources, entry.split(":")[0] ?? ""), "provider")),
      );
      const fields = [...new Set(names)].flatMap((each) => providers.get(each ?? "")?.input?.fields ?? []);
      if (fields.length <= mostFields) return [];
      const expected = `expected providers that ask for at most ${mostFields} fields together, got ${fields.length}`;
      return [faultAt(bundle?.at ?? node.at, expected)];
    }),
  );
}
