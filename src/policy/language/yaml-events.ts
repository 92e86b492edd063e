import { EVENT_ID, parseEvents, SCALAR_STYLE, YAMLException, type Event } from "js-yaml";
import { endOf } from "./yaml-reader.ts";

// js-yaml's parser gives a flat list of events, which point into the text. Here it is seen to that they are one document,
// and no more than the policy language needs of YAML; yaml-source.ts makes a tree of them.

/** A policy nests 6 deep. Whatever walks a policy may recurse: this is refused before anything is built. */
const maxDepth = 64;

type Trouble = { readonly message: string; readonly offset: number };

type Parsed =
  | { readonly ok: true; /** Of the document's root, and what is in it. */ readonly events: readonly Event[] }
  | ({ readonly ok: false } & Trouble);

/** The events of a text that holds one document; none when it is empty. */
export function parseDocument(text: string): Parsed {
  const { events, trouble } = parse(text);
  const found =
    trouble ??
    tooDeep(events) ??
    anotherDocument(events, text) ??
    unknownDirective(text) ??
    unclearName(events, text) ??
    noCharacter(events, text);
  if (found) return { ok: false, ...found };
  return { ok: true, events: events.slice(1, -1) };
}

/** What is no YAML, or would be read otherwise elsewhere. */
export function invalid(offset: number, reason: string): Trouble {
  return { message: `expected valid YAML, got an error: ${reason}`, offset };
}

/** The parser's reason in words that say what to do, by what stands where it stumbled. */
function wordReason(reason: string, text: string, offset: number): string {
  const before = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  const here = text.charAt(offset);
  switch (reason) {
    case "deficient indentation":
      if (before.includes("\t")) return "use spaces, not tabs, in and before brackets";
      return "too little indentation in quotes or brackets; is one not closed, or its end not indented?";
    case "can not read a block mapping entry; a multiline key may not be an implicit key":
      return "expected `key: value`; is a colon missing on the line above?";
    case "missed comma between flow collection entries":
      return "expected a comma between what stands in brackets";
    case "bad indentation of a mapping entry":
      if (["@", "`", "%"].includes(here)) return `put a text that begins with ${here} in quotes`;
      if (here === ":" && /:\s/u.test(before))
        return "put a text that has a colon and a space in it in quotes";
      if (here === "#") return "put a space before the # of a comment";
      if (/["']\s*$/u.test(before)) return "nothing but a comment may stand after the closing quote";
      return "expected the indentation of the line above; or is its colon missing?";
    default:
      return reason;
  }
}

function parse(text: string): { readonly events: readonly Event[]; readonly trouble?: Trouble } {
  const control = text.search(/[^\P{Cc}\n\r\t]/u);
  if (control >= 0)
    return { events: [], trouble: { message: "expected text, got a control character", offset: control } };
  // YAML ends a line here, editors and reviews do not: what they show as a comment would be read.
  const hidden = text.search(/\r(?!\n)/u);
  if (hidden >= 0)
    return { events: [], trouble: invalid(hidden, "a carriage return without a line feed after it") };
  try {
    // The scalars of the innermost collection count as one more level.
    return { events: parseEvents(text, { maxDepth: maxDepth + 1 }) };
  } catch (error) {
    // Whatever a file makes the parser stumble over, it is the file that cannot be used.
    if (!(error instanceof YAMLException)) return { events: [], trouble: invalid(0, "it cannot be read") };
    const offset = error.mark?.position ?? 0;
    if (error.reason.startsWith("nesting exceeded")) return { events: [], trouble: nestsTooDeep(offset) };
    // Some of the reasons go on to quote the source, which may hold a secret.
    const [reason = ""] = error.reason.split(/: | "/u);
    return { events: [], trouble: invalid(offset, wordReason(reason, text, offset)) };
  }
}

/** The parser does not count the maps in `[a: [b: [c: d]]]`. */
function tooDeep(events: readonly Event[]): Trouble | undefined {
  let depth = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) depth--;
    if (event.type === EVENT_ID.DOCUMENT) depth = 0;
    if (event.type !== EVENT_ID.SEQUENCE && event.type !== EVENT_ID.MAPPING) continue;
    depth++;
    if (depth > maxDepth) return nestsTooDeep(event.start);
  }
  return undefined;
}

function nestsTooDeep(offset: number): Trouble {
  return { message: `expected at most ${maxDepth} levels of nesting, got more`, offset };
}

function anotherDocument(events: readonly Event[], text: string): Trouble | undefined {
  const [first] = events;
  const second = events.findIndex(({ type }, index) => type === EVENT_ID.DOCUMENT && index > 0);
  if (first?.type !== EVENT_ID.DOCUMENT || second < 0) return undefined;
  const read = events.slice(0, second).reduce((end, event) => Math.max(end, endOf(event)), 0);
  const markers = [...text.matchAll(/^(?:---|\.\.\.)(?!\S)/gmu)].filter(({ index }) => index >= read);
  // An empty document is nothing but its marker.
  const marker = markers[read === 0 && first.explicitStart ? 1 : 0];
  return { message: "expected one YAML document, got another one", offset: marker?.index ?? read };
}

/** `%TAG` gives tags another meaning; of others than `%YAML` nobody knows what they ask for. */
function unknownDirective(text: string): Trouble | undefined {
  const marker = Math.max(0, text.search(/^---(?!\S)/mu));
  const offset = text.slice(0, marker).search(/^[\uFEFF \t]*%(?!YAML[ \t]+1\.[12](?!\S))/mu);
  return offset < 0 ? undefined : invalid(offset, "expected no directive but %YAML 1.2");
}

/** The parser makes other characters of what is beyond the last one. */
function noCharacter(events: readonly Event[], text: string): Trouble | undefined {
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.DOUBLE_QUOTED || event.fast) continue;
    for (const { 1: code, index } of text
      .slice(event.valueStart, event.valueEnd)
      .matchAll(/\\(?:U(.{8})|[^])/g))
      if (code !== undefined && Number.parseInt(code, 16) > 0x10_ff_ff)
        return invalid(event.valueStart + index, "there is no such character");
  }
  return undefined;
}

/** `&a: b` and `&a[b]` could be meant in two ways. */
function unclearName(events: readonly Event[], text: string): Trouble | undefined {
  for (const event of events) {
    const ends = "anchorEnd" in event ? [event.anchorEnd, "tagEnd" in event ? event.tagEnd : -1] : [];
    for (const end of ends)
      if (end >= 0 && !/^[^:](?:[\s,\]}]|$)/u.test(text.slice(end - 1, end + 1)))
        return invalid(end, "expected a space after a tag, an anchor or an alias");
  }
  return undefined;
}
