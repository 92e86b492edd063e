import { quoted } from "../../domain/text.ts";
import { z } from "zod";
import type { PolicyFault } from "./fault.ts";
import { didYouMean, wordUnknown } from "./nearest.ts";
import { faultAt, listed, textOf, plain, type SourceNode } from "./source.ts";

type Shaped<Value> = { readonly value?: Value; readonly faults: readonly PolicyFault[] };

type Options = {
  /** Where values may be secrets: faults do not repeat them. */
  readonly hides?: (path: readonly PropertyKey[]) => boolean;
};

/** Checks a node against a schema; each of the schema's issues becomes a fault at the place it is about. */
export function shape<Value>(
  schema: z.ZodType<Value>,
  node: SourceNode,
  { hides = () => false }: Options = {},
): Shaped<Value> {
  const result = schema.safeParse(plain(node), { error: expectation });
  if (result.success) return { value: result.data, faults: [] };
  return { faults: result.error.issues.flatMap((issue) => faultsOf(issue, node, !hides(issue.path))) };
}

function faultsOf(issue: z.core.$ZodIssue, root: SourceNode, reveal: boolean): readonly PolicyFault[] {
  const { node, missing } = find(root, issue.path);
  if (missing !== undefined) return [faultAt(node.keyAt, `missing key ${quoted(missing)}: ${issue.message}`)];
  if (issue.code === "unrecognized_keys") {
    const allowed = issue.message.split(" ");
    return issue.keys.map((key) => {
      const place = find(node, [key]).node.keyAt;
      return faultAt(place, wordUnknown("key", key, allowed, "Allowed here"));
    });
  }
  if (issue.code === "invalid_key") {
    const reason = issue.issues[0]?.message ?? issue.message;
    return [faultAt(node.keyAt, `${reason}, got ${quoted(String(issue.path.at(-1)))}`)];
  }
  const hint = issue.code === "invalid_value" ? didYouMean(textOf(node) ?? "", issue.values.map(String)) : "";
  return [faultAt(node.at, `${issue.message}, got ${shown(node, reveal)}${hint}`)];
}

/** The node at a path, or the last one on the way to it and the first key that is missing there. */
function find(
  root: SourceNode,
  path: readonly PropertyKey[],
): { readonly node: SourceNode; readonly missing?: string } {
  let node = root;
  for (const key of path) {
    const next =
      node.kind === "map"
        ? node.entries.get(String(key))
        : node.kind === "list"
          ? node.items[Number(key)]
          : undefined;
    if (!next) return { node, missing: String(key) };
    node = next;
  }
  return { node };
}

function shown(node: SourceNode, reveal: boolean): string {
  switch (node.kind) {
    case "map":
      return node.entries.size === 0 ? "an empty map" : "a map";
    case "list":
      return node.items.length === 0 ? "an empty list" : `a list of ${node.items.length}`;
    case "scalar":
      if (node.value === null) return "nothing";
      if (typeof node.value !== "string") return String(node.value);
      return reveal ? quoted(node.value) : "another text";
  }
}

const kinds: Readonly<Partial<Record<string, string>>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
};

/** Says what was expected, for schemas that have no message of their own. */
function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") return `expected ${kinds[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `expected ${listed(texts(issue.values), "or")}`;
  // The names that are allowed, for `faultsOf`: only here is it known which schema rejects the key.
  if (issue.code === "unrecognized_keys")
    return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(" ") : "";
  return undefined;
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.map(String);
}
