import { quoted } from "../../domain/text.ts";
import {
  COLLECTION_STYLE,
  EVENT_ID,
  type AliasEvent,
  type Event,
  type MappingEvent,
  type ScalarEvent,
  type SequenceEvent,
} from "js-yaml";
import type { PolicyFault } from "./fault.ts";
import { offsetInScalar } from "./scalar-places.ts";
import { faultAt, type Place, type SourceMap, type SourceNode } from "./source.ts";
import { invalid, parseDocument } from "./yaml-events.ts";
import { readEvents } from "./yaml-reader.ts";
import { hasTag, valueOf, type ScalarValue } from "./yaml-values.ts";

/** A thousand rules and five thousand people take half of it; what is larger is a mistake or an attack. */
export const maxFileBytes = 1024 * 1024;

export const tooLarge = "expected at most 1 MiB, got a larger file";

/** Aliases save typing; what repeats more than this belongs in a group. */
const maxAliases = 100;

/** What all aliases of a file together may stand for: a few kilobytes must not unfold into gigabytes. */
const maxAliasedNodes = 10_000;

/** Names that JavaScript objects have by themselves; no policy needs them, and attacks on parsers do. */
const refusedKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

type Source =
  | { readonly ok: true; readonly root: SourceMap }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] };

/** Reads one YAML file as a map with places. Whatever is wrong is a fault; nothing is thrown for what a file holds. */
export function readSource(file: string, text: string): Source {
  const failed = (message: string, at: Place = { file, line: 1, column: 1 }): Source => ({
    ok: false,
    faults: [faultAt(at, message)],
  });
  if (Buffer.byteLength(text) > maxFileBytes) return failed(tooLarge);
  const place = placesIn(file, text);
  const parsed = parseDocument(text);
  if (!parsed.ok) return failed(parsed.message, place(parsed.offset));
  if (parsed.events.length === 0) return failed("expected a policy, got an empty file");
  return build(parsed.events, text, place);
}

/** The place of an offset. */
function placesIn(file: string, text: string): (offset: number) => Place {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return (offset) => {
    let [line, beyond] = [0, starts.length];
    while (beyond - line > 1) {
      const middle = (line + beyond) >>> 1;
      if ((starts[middle] ?? 0) <= offset) line = middle;
      else beyond = middle;
    }
    return { file, line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

type Placed = Pick<SourceNode, "at" | "keyAt">;

function build(events: readonly Event[], text: string, place: (offset: number) => Place): Source {
  const reader = readEvents(events, text);
  const faults: PolicyFault[] = [];
  const anchors = new Map<string, { readonly node: SourceNode; readonly size: number }>();
  let built = 0;
  let aliases = 0;
  let aliased = 0;

  function nodeOf(sign: "---" | ":" | "-", keyAt?: Place): SourceNode {
    const { node: from, start } = reader.take(sign);
    const at = place(start);
    const placed = { at, keyAt: keyAt ?? at };
    if (from.type === EVENT_ID.ALIAS) return { ...aliasOf(from, at), keyAt: placed.keyAt };
    const before = built++;
    const node =
      from.type === EVENT_ID.SCALAR
        ? scalarOf(from, placed)
        : from.type === EVENT_ID.SEQUENCE
          ? listOf(from, placed)
          : mapOf(from, placed);
    if (from.anchorStart >= 0)
      anchors.set(text.slice(from.anchorStart, from.anchorEnd), { node, size: built - before });
    return node;
  }

  function scalarOf(from: ScalarEvent, placed: Placed): SourceNode {
    const value = checkedValue(from);
    if (typeof value !== "string") return { ...placed, kind: "scalar", value };
    // Neither PostgreSQL nor Slack takes a NUL, and nobody reads the others. As they are, the text holds none.
    if (!from.fast && /[^\P{Cc}\n\t]/u.test(value))
      faults.push(faultAt(placed.at, "expected text, got a control character"));
    // `!!str` alone is an empty text, written nowhere.
    if (from.valueStart < 0) return { ...placed, kind: "scalar", value };
    return { ...placed, kind: "scalar", value, placeOf: (offset) => placeIn(from, value, offset) };
  }

  function checkedValue(from: ScalarEvent): ScalarValue {
    const value = valueOf(text, from);
    if (value === undefined) faults.push(unknownTag(from));
    return value ?? null;
  }

  function unknownTag({ tagStart }: { readonly tagStart: number }): PolicyFault {
    // The tag is not repeated: it may be a secret that begins with an exclamation mark and lacks its quotes.
    return invalidAt(tagStart, "unknown tag; a text that begins with ! has to be in quotes");
  }

  function invalidAt(start: number, reason: string): PolicyFault {
    return faultAt(place(start), invalid(start, reason).message);
  }

  /** After a `?` the parser lets it pass. */
  function isIndentedByTab({ style }: MappingEvent, start: number): boolean {
    // Lists and maps in brackets may have a million keys on a line.
    if (style === COLLECTION_STYLE.FLOW) return false;
    return text.slice(text.lastIndexOf("\n", start - 1) + 1, start).includes("\t");
  }

  function placeIn({ valueStart, valueEnd, style }: ScalarEvent, value: string, offset: number): Place {
    return place(valueStart + offsetInScalar(text.slice(valueStart, valueEnd), style, value, offset));
  }

  function listOf(from: SequenceEvent, placed: Placed): SourceNode {
    if (!hasTag(text, from, "!!seq")) faults.push(unknownTag(from));
    const items: SourceNode[] = [];
    while (!reader.leave()) items.push(nodeOf("-"));
    return { ...placed, kind: "list", items };
  }

  function mapOf(from: MappingEvent, placed: Placed): SourceMap {
    if (!hasTag(text, from, "!!map")) faults.push(unknownTag(from));
    // The parser refuses `a: b: c`, and lets `a: &x b: c` pass.
    if (
      from.style === COLLECTION_STYLE.BLOCK &&
      placed.keyAt !== placed.at &&
      placed.keyAt.line === placed.at.line
    )
      faults.push(invalidAt(from.start, "expected a map on a line after its key"));
    const entries = new Map<string, SourceNode>();
    while (!reader.leave()) {
      const { node: key, start } = reader.take("?");
      const keyAt = place(start);
      const name = key.type === EVENT_ID.SCALAR ? checkedValue(key) : undefined;
      if (typeof name !== "string") {
        faults.push(faultAt(keyAt, "expected a key that is text, got something else; put it in quotes"));
        reader.skip(key);
        reader.skip(reader.take(":").node);
        continue;
      }
      if (/\p{Cc}/u.test(name)) faults.push(faultAt(keyAt, "expected a key, got a control character"));
      const earlier = entries.get(name);
      if (isIndentedByTab(from, start))
        faults.push(invalidAt(start, "expected spaces before a key, got a tab"));
      if (refusedKeys.has(name)) faults.push(faultAt(keyAt, `${quoted(name)} cannot be a key`));
      if (earlier)
        faults.push(
          faultAt(keyAt, `duplicate key ${quoted(name)}, first written on line ${earlier.keyAt.line}`),
        );
      entries.set(name, nodeOf(":", keyAt));
    }
    return { ...placed, kind: "map", entries };
  }

  function aliasOf({ anchorStart, anchorEnd }: AliasEvent, at: Place): SourceNode {
    // An anchor is known only once it is complete, so nothing can contain itself.
    const anchor = text.slice(anchorStart, anchorEnd);
    const target = anchors.get(anchor);
    const nothing = { kind: "scalar", at, keyAt: at, value: null } as const;
    aliases++;
    aliased += target?.size ?? 0;
    built += target?.size ?? 0;
    if (!target)
      faults.push(faultAt(at, `unknown alias ${quoted(anchor)}: its anchor has to stand before it`));
    else if (aliases === maxAliases + 1)
      faults.push(faultAt(at, `expected at most ${maxAliases} aliases, got more`));
    else if (aliased > maxAliasedNodes)
      faults.push(
        faultAt(at, `expected aliases for at most ${maxAliasedNodes} values, got more: use a group`),
      );
    else if (aliases <= maxAliases) return target.node;
    return nothing;
  }

  const root = nodeOf("---");
  if (root.kind !== "map" && faults.length === 0)
    faults.push(
      faultAt(root.at, "expected a map with version, settings, rules and so on, got something else"),
    );
  return root.kind === "map" && faults.length === 0 ? { ok: true, root } : { ok: false, faults };
}
