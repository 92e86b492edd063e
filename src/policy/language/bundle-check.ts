import { quoted } from "../../domain/text.ts";
import type { PolicyFault } from "./fault.ts";
import { accessFaults } from "./name-check.ts";
import { limitFaults } from "./rule-check.ts";
import { child, entriesOf, faultAt, textsOf, type SourceNode } from "./source.ts";

/** Checks what roles hold: grants need a provider, bundles hold roles that are granted, limits agree. */
export function bundleFaults(root: SourceNode): readonly PolicyFault[] {
  const resources = child(root, "resources");
  return entriesOf(resources).flatMap(([, resource]) =>
    entriesOf(child(resource, "roles")).flatMap(([, role]) => {
      const limits = limitFaults(role);
      const grant = child(role, "grant");
      if (grant && !child(resource, "provider"))
        return [
          faultAt(grant.keyAt, 'expected a "provider" on the resource of a grant, got none'),
          ...limits,
        ];
      const bundle = child(role, "bundle");
      if (!bundle) return limits;
      const unknown = accessFaults(root, bundle);
      if (unknown.length > 0) return [...unknown, ...limits];
      const nested = textsOf(bundle).flatMap(({ text, at }) => {
        const [name = "", member = ""] = text.split(":");
        const isBundle = child(child(child(child(resources, name), "roles"), member), "bundle");
        return isBundle ? [faultAt(at, `expected a role with a grant, got the bundle ${quoted(text)}`)] : [];
      });
      return [...nested, ...limits];
    }),
  );
}
