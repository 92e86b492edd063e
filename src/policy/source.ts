import type { PolicyFault } from "./fault.ts";

/** A place in a file; lines and columns count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

type Placed = {
  /** Where the value stands. */
  readonly at: Place;
  /** Where the key stands that holds it; the value's own place in a list. */
  readonly keyAt: Place;
};

export type SourceMap = Placed & { readonly kind: "map"; readonly entries: ReadonlyMap<string, SourceNode> };
type SourceList = Placed & { readonly kind: "list"; readonly items: readonly SourceNode[] };
type SourceScalar = Placed & {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** Where the character of a text stands that has this offset in its value. */
  readonly placeOf?: (offset: number) => Place;
};

/** What a YAML file says, and where it says it. */
export type SourceNode = SourceMap | SourceList | SourceScalar;

/** A fault at a place. */
export function faultAt(place: Place, message: string): PolicyFault {
  return { ...place, message };
}

/** The plain value, for schemas. Own keys only: its objects have no prototype. */
export function plain(node: SourceNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plain);
    case "map": {
      const value: Record<string, unknown> = Object.create(null);
      for (const [key, inner] of node.entries) value[key] = plain(inner);
      return value;
    }
  }
}

/** What stands under a key; `undefined` when there is no such key, or the node is no map. */
export function child(node: SourceNode | undefined, key: string): SourceNode | undefined {
  return node?.kind === "map" ? node.entries.get(key) : undefined;
}

/** A map's entries; none when the node is no map. */
export function entriesOf(node: SourceNode | undefined): readonly (readonly [string, SourceNode])[] {
  return node?.kind === "map" ? [...node.entries] : [];
}

/** A list's items; none when the node is no list. */
export function itemsOf(node: SourceNode | undefined): readonly SourceNode[] {
  return node?.kind === "list" ? node.items : [];
}

/** A text's value; `undefined` when the node is no text. */
export function textOf(node: SourceNode | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/**
 * Where a character of a text stands, by its offset in the value; never outside the text, and where the node itself
 * stands when it is no text.
 */
export function placeWithin(node: SourceNode, offset: number): Place {
  return node.kind === "scalar" && node.placeOf ? node.placeOf(offset) : node.at;
}

/** The texts of a list, each with its place. */
export function textsOf(
  node: SourceNode | undefined,
): readonly { readonly text: string; readonly at: Place }[] {
  return itemsOf(node).flatMap((item) => {
    const text = textOf(item);
    return text === undefined ? [] : [{ text, at: item.at }];
  });
}

/** `a, b and c` */
export function listed(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
