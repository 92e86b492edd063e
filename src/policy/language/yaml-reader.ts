import { COLLECTION_STYLE, EVENT_ID, SCALAR_STYLE, type Event, type ScalarEvent } from "js-yaml";

/** What announces a value in the text: in a map, in a list, as a key, at the document's top. */
type Sign = ":" | "-" | "?" | "---";

type Node = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>;

/** Goes through a document's events, which do not say where every node starts. */
export type Reader = {
  /** The next node, and where it starts; one that is not written stands behind its sign. */
  readonly take: (sign: Sign) => { readonly node: Node; readonly start: number };
  /** Whether the collection ends here; it is left then. */
  readonly leave: () => boolean;
  /** Leaves out what is in a node that was taken. */
  readonly skip: (node: Node) => void;
};

export function readEvents(events: readonly Event[], text: string): Reader {
  let next = 0;
  /** How far the text is read. */
  let read = 0;
  let lastStart = 0;

  function take(sign: Sign): ReturnType<Reader["take"]> {
    const node = events[next++];
    if (!node || node.type === EVENT_ID.DOCUMENT || node.type === EVENT_ID.POP)
      throw new Error("The YAML parser's events are not a tree");
    const start = startOf(node, sign);
    read = Math.max(read, start, endOf(node));
    lastStart = start;
    return { node, start };
  }

  function startOf(node: Node, sign: Sign): number {
    if (node.type === EVENT_ID.ALIAS) return node.anchorStart - 1;
    if (node.type !== EVENT_ID.SCALAR) return node.start;
    const properties = Math.max(node.anchorEnd, node.tagEnd);
    // The header of a block scalar, such as `|-`, is not in its value.
    if (isBlock(node)) return past(/(?:[\s,\]}:?-]|#.*)*/y, Math.max(read, properties));
    if (node.valueStart >= 0) return node.valueStart - (isQuoted(node) ? 1 : 0);
    if (properties >= 0) return properties;
    const at = past(/(?:[\s,\]}]|#.*)*/y, read);
    return text.startsWith(sign, at) ? past(/[ \t]*/y, at + sign.length) : lastStart;
  }

  function past(signs: RegExp, from: number): number {
    signs.lastIndex = from;
    signs.test(text);
    return signs.lastIndex;
  }

  function leave(): boolean {
    if (events[next]?.type !== EVENT_ID.POP) return false;
    next++;
    return true;
  }

  function skip(node: Node): void {
    if (node.type !== EVENT_ID.SEQUENCE && node.type !== EVENT_ID.MAPPING) return;
    while (!leave()) skip(take("-").node);
  }

  return { take, leave, skip };
}

/** Where a node ends; a collection's end is no event's, so it is where its first sign stands. */
export function endOf(node: Event): number {
  switch (node.type) {
    case EVENT_ID.SCALAR:
      return Math.max(node.valueEnd + (isQuoted(node) ? 1 : 0), node.anchorEnd, node.tagEnd);
    case EVENT_ID.ALIAS:
      return node.anchorEnd;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return node.start + (node.style === COLLECTION_STYLE.FLOW ? 1 : 0);
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return 0;
  }
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
}

function isBlock({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
}
