import {
  Composer,
  isAlias,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type CST,
  type Document,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { PolicyFault } from "./fault.ts";
import { offsetInScalar } from "./scalar-places.ts";
import { faultAt, quoted, type Place, type SourceMap, type SourceNode } from "./source.ts";

/** A thousand rules and five thousand people take half of it; what is larger is a mistake or an attack. */
export const maxFileBytes = 1024 * 1024;

export const tooLarge = "expected at most 1 MiB, got a larger file";

/** A policy nests 6 deep. The composer recurses, so depth is refused before it runs. */
const maxDepth = 64;

/** Aliases save typing; what repeats more than this belongs in a group. */
const maxAliases = 100;

/** What all aliases of a file together may stand for: a few kilobytes must not unfold into gigabytes. */
const maxAliasedNodes = 10_000;

/** The first syntax error causes the others. */
const maxSyntaxFaults = 10;

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

  const lines = linesOf(text);
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const { tokens, tooDeepAt } = tokenize(text);
  if (tooDeepAt !== undefined)
    return failed(`expected at most ${maxDepth} levels of nesting, got more`, place(tooDeepAt));
  const { document, another } = compose(tokens, text.length);
  if (another) return failed("expected one YAML document, got another one", place(another.range[0]));
  const syntax = syntaxFaults(document, place);
  if (syntax.length > 0) return { ok: false, faults: syntax };
  if (!document?.contents) return failed("expected a policy, got an empty file");
  return build(document.contents, text, place);
}

/** Where lines begin. The library's parser can tell too, but misses some after an error. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

function tokenize(text: string) {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    // Beside the collections, the stack holds the document and the scalar being read.
    if (parser.stack.length > maxDepth + 2) return { tokens: [], tooDeepAt: parser.offset };
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens, tooDeepAt: undefined };
}

function compose(tokens: readonly CST.Token[], length: number) {
  const composer = new Composer({
    // `build` finds duplicate keys itself, in linear time.
    uniqueKeys: false,
    // A `%YAML 1.1` line must not bring back merge keys, or `no` as a boolean.
    schema: "core",
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  const documents = composer.compose(tokens, true, length);
  const first = documents.next();
  const second = documents.next();
  return {
    document: first.done ? undefined : first.value,
    another: second.done ? undefined : second.value,
  };
}

function syntaxFaults(
  document: Document.Parsed | undefined,
  place: (offset: number) => Place,
): readonly PolicyFault[] {
  const problems = document ? [...document.errors, ...document.warnings] : [];
  return problems.slice(0, maxSyntaxFaults).map((problem) => {
    // Some of the library's messages go on to quote the source, which may hold a secret.
    const [reason = ""] = problem.message.split(/: "|\n/u);
    return faultAt(place(problem.pos[0]), `expected valid YAML, got an error: ${reason}`);
  });
}

function build(contents: ParsedNode, text: string, place: (offset: number) => Place): Source {
  const faults: PolicyFault[] = [];
  const anchors = new Map<string, { readonly node: SourceNode; readonly size: number }>();
  let built = 0;
  let aliases = 0;
  let aliased = 0;

  function nodeOf(from: ParsedNode, keyAt?: Place): SourceNode {
    const at = place(from.range[0]);
    const placed = { at, keyAt: keyAt ?? at };
    if (isAlias(from)) return { ...aliasOf(from.source, at), keyAt: placed.keyAt };
    const before = built++;
    const node = isScalar(from)
      ? scalarOf(from, placed)
      : isSeq<ParsedNode>(from)
        ? { ...placed, kind: "list" as const, items: from.items.map((item) => nodeOf(item)) }
        : mapOf(from, placed);
    if (from.anchor !== undefined) anchors.set(from.anchor, { node, size: built - before });
    return node;
  }

  function scalarOf(from: Scalar.Parsed, placed: Pick<SourceNode, "at" | "keyAt">): SourceNode {
    const kind = "scalar" as const;
    const value: unknown = from.value;
    if (typeof value === "string") {
      // Neither PostgreSQL nor Slack takes a NUL, and nobody reads the others.
      if (/[^\P{Cc}\n\t]/u.test(value))
        faults.push(faultAt(placed.at, "expected text, got a control character"));
      return { ...placed, kind, value, placeOf: (offset) => placeIn(from, value, offset) };
    }
    if (value === null || typeof value === "number" || typeof value === "boolean")
      return { ...placed, kind, value };
    throw new TypeError(`YAML's core schema has no ${typeof value}`);
  }

  function placeIn(
    { range: [start, end], type = "PLAIN" }: Scalar.Parsed,
    value: string,
    offset: number,
  ): Place {
    return place(start + offsetInScalar(text.slice(start, end), type, value, offset));
  }

  function mapOf(from: YAMLMap.Parsed, placed: Pick<SourceNode, "at" | "keyAt">): SourceMap {
    const entries = new Map<string, SourceNode>();
    for (const { key, value } of from.items) {
      const keyAt = place(key.range[0]);
      const name = isScalar(key) ? key.value : undefined;
      if (typeof name !== "string") {
        faults.push(faultAt(keyAt, "expected a key that is text, got something else; put it in quotes"));
        continue;
      }
      if (/\p{Cc}/u.test(name)) faults.push(faultAt(keyAt, "expected a key, got a control character"));
      const earlier = entries.get(name);
      if (refusedKeys.has(name)) faults.push(faultAt(keyAt, `${quoted(name)} cannot be a key`));
      if (earlier)
        faults.push(
          faultAt(keyAt, `duplicate key ${quoted(name)}, first written on line ${earlier.keyAt.line}`),
        );
      // `? key` without a value has none; `key:` has a null.
      if (value) entries.set(name, nodeOf(value, keyAt));
      else entries.set(name, { kind: "scalar", at: keyAt, keyAt, value: null });
    }
    return { ...placed, kind: "map", entries };
  }

  function aliasOf(anchor: string, at: Place): SourceNode {
    // An anchor is known only once it is complete, so nothing can contain itself.
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

  const root = nodeOf(contents);
  if (root.kind !== "map" && faults.length === 0)
    faults.push(
      faultAt(root.at, "expected a map with version, settings, rules and so on, got something else"),
    );
  return root.kind === "map" && faults.length === 0 ? { ok: true, root } : { ok: false, faults };
}
