import type { z } from "zod";
import { isBlank, visibly } from "../../domain/text.ts";
import type { PolicyFault } from "./fault.ts";
import type { ProviderEntry, ProviderInput } from "../policy.ts";
import { wordUnknown } from "./nearest.ts";
import { localPart } from "../principal.ts";
import { hidesSecret } from "./secret.ts";
import { shape } from "./shape.ts";
import { child, entriesOf, faultAt, itemsOf, plain, textOf, type SourceNode } from "./source.ts";
import { Subject } from "./words.ts";

/**
 * A kind of provider. `options` parses an entry of `providers:` apart from its `type`, and `target` what `grant:` holds; both
 * should be strict. They see `${NAME}` references unresolved. Messages read "expected ...".
 */
export type ProviderType = {
  /** What it guards. */
  readonly title: string;
  readonly options: z.ZodType;
  readonly target: z.ZodType;
  /** Accepts what may be a name there, and brings every spelling of it to the canonical one. */
  readonly subject: z.ZodType<string>;
  /** The capabilities of all its providers. Unknown access is removed only if they can tell from whom nothing may be taken. */
  readonly can?: readonly ("lastUsed" | "holders" | "mustKeep" | "handover")[];
  /** What a requester has to type: texts with a `title` and perhaps a `description` in their `meta`. */
  input?(options: unknown): z.ZodObject<Readonly<Record<string, z.ZodType<string>>>> | undefined;
  /** The name of somebody whom `people` does not name; by default the part before the `@`. */
  subjectFor?(options: unknown, email: string): string | undefined;
};

/** The kinds of provider, by their `type:`. */
export type ProviderTypes = Readonly<Record<string, ProviderType>>;

export type CheckedProviders = {
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  /** By resource, then role. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly faults: readonly PolicyFault[];
};

/**
 * Checks provider options, the names people go by and grant targets by the provider's type, and that providers and sinks hold no
 * secrets.
 */
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
    const written = withoutType(node);
    const options = shape(known.options, written, { hides: () => true });
    faults.push(...options.faults);
    const canonicalSubject = (subject: string): string | undefined => known.subject.safeParse(subject).data;
    const input = options.faults.length === 0 ? known.input?.(options.value) : undefined;
    providers.set(name, {
      type,
      options: plain(written),
      ...(input && { input: providerInput(input) }),
      canonicalSubject,
      defaultSubject(email) {
        const subject = known.subjectFor ? known.subjectFor(options.value, email) : localPart(email);
        return subject === undefined ? undefined : canonicalSubject(subject);
      },
    });
  }
  faults.push(...subjectFaults(root, providers, types));

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

function providerInput(schema: z.ZodObject<Readonly<Record<string, z.ZodType<string>>>>): ProviderInput {
  const fields = Object.entries(schema.shape).map(([name, field]) => {
    const { title = name, description } = field.meta() ?? {};
    return { name, title, description };
  });
  return {
    fields,
    read(typed) {
      // The form may have been opened before a field was removed.
      const known = new Map(
        fields.flatMap(({ name }) =>
          Object.hasOwn(typed, name) ? [[name, (typed[name] ?? "").trim()] as const] : [],
        ),
      );
      const unfit = fields.flatMap(({ name }) => {
        const fault = lineFault(known.get(name) ?? "");
        return fault === undefined ? [] : [[name, fault] as const];
      });
      if (unfit.length > 0) return { ok: false, faults: new Map(unfit) };
      const read = schema.safeParse(Object.fromEntries(known));
      if (read.success) return { ok: true, values: read.data };
      const faults = read.error.issues.map(
        ({ path, message }) => [String(path[0] ?? fields[0]?.name), message] as const,
      );
      // Reversed, so that each field keeps the first of its faults, which is the one to fix first.
      return { ok: false, faults: new Map(faults.toReversed()) };
    },
  };
}

/** Approvers judge what they read, so it has to be everything: one line, with nothing invisible. */
function lineFault(typed: string): string | undefined {
  if (isBlank(typed)) return "expected something";
  return visibly(typed) !== typed || /[\p{C}\p{Zl}\p{Zp}]/u.test(typed)
    ? "expected one line, with nothing invisible in it"
    : undefined;
}

function typeOf(types: ProviderTypes, type: string): ProviderTypes[string] | undefined {
  return Object.hasOwn(types, type) ? types[type] : undefined;
}

function withoutType(node: SourceNode): SourceNode {
  if (node.kind !== "map") return node;
  return { ...node, entries: new Map([...node.entries].filter(([key]) => key !== "type")) };
}

/** Finds names in `people:` that the provider cannot know anybody by. */
function subjectFaults(
  root: SourceNode,
  providers: ReadonlyMap<string, ProviderEntry>,
  types: ProviderTypes,
): readonly PolicyFault[] {
  return entriesOf(child(root, "people")).flatMap(([, names]) =>
    entriesOf(names).flatMap(([provider, node]) => {
      const known = typeOf(types, providers.get(provider)?.type ?? "");
      // A name that is invalid everywhere is reported by the policy's own schema.
      return known && Subject.safeParse(textOf(node)).success ? shape(known.subject, node).faults : [];
    }),
  );
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
