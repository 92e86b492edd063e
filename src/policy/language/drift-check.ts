import { quoted } from "../../domain/text.ts";
import type { PolicyFault } from "./fault.ts";
import type { CheckedProviders, ProviderTypes } from "./provider-check.ts";
import { child, entriesOf, faultAt, textOf, type SourceNode } from "./source.ts";
import { targetKey } from "../target-key.ts";

/**
 * Checks how unknown access (that nobody gave here) is handled. Removing it is refused where it could hit somebody who has it
 * rightly: if the provider cannot tell, or if two resources of the same target disagree.
 */
export function driftFaults(
  root: SourceNode,
  { providers, targets }: Pick<CheckedProviders, "providers" | "targets">,
  types: ProviderTypes,
): readonly PolicyFault[] {
  const general = child(child(child(root, "settings"), "drift"), "unknown");
  const resources = entriesOf(child(root, "resources")).map(([name, resource]) => {
    const own = child(resource, "drift");
    const said = child(own, "unknown") ?? general;
    return { name, own, said, provider: textOf(child(resource, "provider")) };
  });
  const keysOf = (name: string, provider: string): ReadonlySet<string> =>
    new Set([...(targets.get(name)?.values() ?? [])].map((target) => targetKey(provider, target)));
  const ownerless = resources.flatMap(({ own, provider }) =>
    own && provider === undefined
      ? [faultAt(own.keyAt, 'expected a "provider" on the resource of drift, got none')]
      : [],
  );
  const removing = resources.flatMap(({ name, said, provider }) =>
    said && provider !== undefined && textOf(said) === "remove" ? [{ name, said, provider }] : [],
  );
  const untold = removing.flatMap(({ name, said, provider }) => {
    const type = providers.get(provider)?.type;
    if (type === undefined || types[type]?.can?.includes("mustKeep") === true) return [];
    return [
      faultAt(
        said.at,
        `expected report, adopt or ignore: a provider of type ${type} cannot tell from whom ${quoted(name)} may be taken, got "remove"`,
      ),
    ];
  });
  const contradicted = removing.flatMap(({ name, said, provider }) => {
    const own = keysOf(name, provider);
    const other = resources.find(
      (one) =>
        one.provider === provider &&
        textOf(one.said) !== "remove" &&
        [...keysOf(one.name, provider)].some((key) => own.has(key)),
    );
    if (!other) return [];
    return [
      faultAt(
        said.at,
        `expected the same for ${quoted(name)} and ${quoted(other.name)}, which grant the same in ${provider}: remove it for both or for neither, got "remove" for one`,
      ),
    ];
  });
  return [...ownerless, ...untold, ...contradicted];
}
