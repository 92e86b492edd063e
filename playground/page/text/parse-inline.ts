import { decodeEntities } from "../../../slack-simulator/visible-text.ts";
import { emoji } from "./emoji.ts";

/** What stands in a line of mrkdwn. Text is decoded: it is shown as it is. */
export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bold" | "italic" | "strike"; readonly children: readonly Inline[] }
  | { readonly kind: "code"; readonly children: readonly Inline[] }
  | { readonly kind: "emoji"; readonly emoji: string; readonly name: string }
  | { readonly kind: "link"; readonly url: string; readonly text: string }
  | { readonly kind: "user" | "channel" | "usergroup"; readonly id: string; readonly label: string }
  | { readonly kind: "broadcast"; readonly range: string }
  | DateToken
  | { readonly kind: "break" };

export interface DateToken {
  readonly kind: "date";
  /** Seconds since 1970. */
  readonly unix: number;
  readonly format: string;
  readonly url?: string;
  readonly fallback: string;
}

const emphasis = { "*": "bold", _: "italic", "~": "strike" } as const;
type Mark = keyof typeof emphasis;

/** An emphasis that has begun; its mark becomes text again where it never ends. */
interface Open {
  readonly mark: Mark;
  readonly children: Inline[];
}

/** One line of mrkdwn, or all of a code block, in which only what is in angle brackets means anything. */
export function parseInline(source: string, manner: "styled" | "preformatted"): readonly Inline[] {
  const root: Inline[] = [];
  // No kind of emphasis is in itself, so this is never deeper than three: that keeps the whole linear.
  const open: Open[] = [];
  let at = 0;
  const here = (): Inline[] => open.at(-1)?.children ?? root;

  function abandon(): void {
    const last = open.pop();
    if (last === undefined) return;
    addText(here(), last.mark);
    for (const child of last.children) add(here(), child);
  }

  function close(mark: Mark): void {
    while (open.at(-1)?.mark !== mark) abandon();
    const children = open.pop()?.children ?? [];
    here().push({ kind: emphasis[mark], children });
  }

  while (at < source.length) {
    const found = tokenAt(source, at, manner);
    if (found !== undefined) {
      add(here(), found.token);
      at += found.length;
      continue;
    }
    const character = source.charAt(at);
    if (manner === "styled" && isMark(character)) {
      const before = source.charAt(at - 1);
      const after = source.charAt(at + 1);
      const isOpen = open.some(({ mark }) => mark === character);
      if (isOpen && isSolid(before) && !isWord(after)) close(character);
      else if (!isOpen && !isWord(before) && isSolid(after) && after !== character) {
        open.push({ mark: character, children: [] });
      } else addText(here(), character);
      at += 1;
      continue;
    }
    const plain = manner === "styled" ? stretchOf(styledPlain, source, at) : stretchOf(prePlain, source, at);
    addText(here(), decodeEntities(plain));
    at += plain.length;
  }
  while (open.length > 0) abandon();
  return root;
}

// Each begins with any character, so that a parser that found no token always moves on.
const styledPlain = /[^][^*_~`<:h]*/y;
const prePlain = /[^][^<]*/y;
const angled = /<([^<>\n]+)>/y;
const coded = /`([^`\n]+)`/y;
const named = /:([a-z0-9_+'-]{1,80})(::skin-tone-[2-6])?:/y;
const bare = /https?:\/\/[^\s<>|]+/y;

interface Found {
  readonly token: Inline;
  readonly length: number;
}

/** What begins at this place and is no emphasis, with the length of its source. */
function tokenAt(source: string, at: number, manner: "styled" | "preformatted"): Found | undefined {
  switch (source.charAt(at)) {
    case "<": {
      const match = matchAt(angled, source, at);
      return match && { token: readAngled(match[1] ?? ""), length: match[0].length };
    }
    case "`": {
      const match = manner === "styled" ? matchAt(coded, source, at) : undefined;
      if (!match || match[1]?.trim() === "") return undefined;
      return {
        token: { kind: "code", children: parseInline(match[1] ?? "", "preformatted") },
        length: match[0].length,
      };
    }
    case ":": {
      const match = manner === "styled" ? matchAt(named, source, at) : undefined;
      const found = match && emoji(match[1] ?? "");
      if (!match || found === undefined) return undefined;
      return { token: { kind: "emoji", emoji: found, name: match[1] ?? "" }, length: match[0].length };
    }
    case "h": {
      if (manner !== "styled" || isWord(source.charAt(at - 1))) return undefined;
      const url = matchAt(bare, source, at)?.[0].replace(/[.,;:!?)\]*_~'"`]+$/, "");
      if (!url) return undefined;
      return {
        token: { kind: "link", url: decodeEntities(url), text: decodeEntities(url) },
        length: url.length,
      };
    }
    default:
      return undefined;
  }
}

/** What `<…>` means; a form nobody knows is shown by its label, as Slack does. */
function readAngled(inside: string): Inline {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : decodeEntities(inside.slice(bar + 1));
  if (/^@\w+$/.test(target)) return { kind: "user", id: target.slice(1), label };
  if (/^#\w+$/.test(target)) return { kind: "channel", id: target.slice(1), label };
  if (target.startsWith("!subteam^")) return { kind: "usergroup", id: target.slice(9), label };
  if (/^!(?:here|channel|everyone)$/.test(target)) return { kind: "broadcast", range: target.slice(1) };
  const date = /^!date\^(-?\d{1,15})\^([^^]*)(?:\^(.*))?$/.exec(target);
  if (date) {
    return {
      kind: "date",
      unix: Number(date[1]),
      format: decodeEntities(date[2] ?? ""),
      ...(date[3] && { url: decodeEntities(date[3]) }),
      fallback: label,
    };
  }
  if (target.startsWith("!")) return { kind: "text", text: label || `<${target}>` };
  const url = decodeEntities(target);
  if (!URL.canParse(url)) return { kind: "text", text: label || `<${url}>` };
  return { kind: "link", url, text: label || url.replace(/^mailto:/, "") };
}

function add(to: Inline[], token: Inline): void {
  if (token.kind === "text") addText(to, token.text);
  else to.push(token);
}

/** Neighbouring texts become one, so that no reader depends on where the parser paused. */
function addText(to: Inline[], text: string): void {
  const last = to.at(-1);
  if (last?.kind === "text") to[to.length - 1] = { kind: "text", text: last.text + text };
  else to.push({ kind: "text", text });
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

function stretchOf(pattern: RegExp, source: string, at: number): string {
  return matchAt(pattern, source, at)?.[0] ?? source.charAt(at);
}

function isMark(character: string): character is Mark {
  return Object.hasOwn(emphasis, character);
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

function isSolid(character: string): boolean {
  return character !== "" && !/\s/.test(character);
}
