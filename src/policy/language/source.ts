import type { PolicyFault } from "./fault.ts";

/** A place in a file; lines and columns count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

type Placed = {
  /** Where the value is. */
  readonly at: Place;
  /** Where its key is; in a list, the value's own place. */
  readonly keyAt: Place;
};

export type SourceMap = Placed & { readonly kind: "map"; readonly entries: ReadonlyMap<string, SourceNode> };
type SourceList = Placed & { readonly kind: "list"; readonly items: readonly SourceNode[] };
type SourceScalar = Placed & {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** The place of the character at an offset in the value of a text. */
  readonly placeOf?: (offset: number) => Place;
};

/** What a YAML file says, and where. */
export type SourceNode = SourceMap | SourceList | SourceScalar;

/** Makes a fault at a place. */
export function faultAt(place: Place, message: string): PolicyFault {
  return { ...place, message };
}

/** The plain value, for schemas. Its objects have no prototype, so they have own keys only. */
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

/** The node under a key; `undefined` if there is no such key, or the node is no map. */
export function child(node: SourceNode | undefined, key: string): SourceNode | undefined {
  return node?.kind === "map" ? node.entries.get(key) : undefined;
}

/** The node at a path of keys; `undefined` if there is none. */
export function descendant(node: SourceNode, path: readonly string[]): SourceNode | undefined {
  return path.reduce<SourceNode | undefined>((above, key) => child(above, key), node);
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
 * The place of a character of a text, by its offset in the value; never outside the text, and the node's own place if it is no
 * text.
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

/** Formats a list: `a, b and c`. */
export function listed(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
