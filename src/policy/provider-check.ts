import type { z } from "zod";
import type { PolicyFault } from "./fault.ts";
import type { ProviderEntry } from "./policy.ts";
import { wordUnknown } from "./nearest.ts";
import { hidesSecret } from "./secret.ts";
import { shape } from "./shape.ts";
import { child, entriesOf, faultAt, itemsOf, textOf, type SourceNode } from "./source.ts";

/**
 * The kinds of provider there are. `options` parses the whole entry, `type` included, and `target` what `grant:` holds;
 * both should be strict. They see `${NAME}` references as they are written. Messages read "expected ...".
 */
export type ProviderTypes = Readonly<
  Record<
    string,
    {
      readonly options: z.ZodType;
      readonly target: z.ZodType;
      /** Whether its providers can tell from whom nothing may be taken: only then may unknown access be removed. */
      readonly tellsWhoKeeps?: boolean;
    }
  >
>;

export type CheckedProviders = {
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  /** By resource, then role. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly faults: readonly PolicyFault[];
};

/** Checks provider options and grant targets by the provider's type, and that no sink holds a secret either. */
export function checkProviders(root: SourceNode, types: ProviderTypes): CheckedProviders {
  const faults: PolicyFault[] = [];
  const providers = new Map<string, ProviderEntry>();
  for (const [name, node] of entriesOf(child(root, "providers"))) {
    faults.push(...secretFaults(node));
    const type = textOf(child(node, "type"));
    if (type === undefined) continue;
    const known = typeOf(types, type);
    if (!known) {
      faults.push(unknownType(node, type, Object.keys(types)));
      continue;
    }
    const options = shape(known.options, node, { hides: () => true });
    faults.push(...options.faults);
    providers.set(name, { type, options: options.value });
  }

  for (const [, node] of entriesOf(child(root, "sinks"))) faults.push(...secretFaults(node));

  const targets = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [name, resource] of entriesOf(child(root, "resources"))) {
    const provider = providers.get(textOf(child(resource, "provider")) ?? "");
    const schema = provider && typeOf(types, provider.type)?.target;
    if (!schema) continue;
    const byRole = new Map<string, unknown>();
    for (const [role, node] of entriesOf(child(resource, "roles"))) {
      const grant = child(node, "grant");
      if (grant?.kind !== "map") continue;
      const target = shape(schema, grant);
      faults.push(...target.faults);
      byRole.set(role, target.value);
    }
    targets.set(name, byRole);
  }
  return { providers, targets, faults };
}

function typeOf(types: ProviderTypes, type: string): ProviderTypes[string] | undefined {
  return Object.hasOwn(types, type) ? types[type] : undefined;
}

function unknownType(node: SourceNode, type: string, known: readonly string[]): PolicyFault {
  const at = child(node, "type")?.at ?? node.at;
  return faultAt(at, wordUnknown("provider type", type, known, "Known types"));
}

function secretFaults(node: SourceNode, key = ""): readonly PolicyFault[] {
  const text = textOf(node);
  if (text !== undefined) {
    const expected = hidesSecret(key, text);
    return expected === undefined ? [] : [faultAt(node.at, expected)];
  }
  const inMap = entriesOf(node).flatMap(([name, inner]) => secretFaults(inner, name));
  return [...inMap, ...itemsOf(node).flatMap((item) => secretFaults(item, key))];
}
