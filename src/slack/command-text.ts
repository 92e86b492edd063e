import { formatDuration, readDuration } from "../domain/duration.ts";
import { bareWord, plainWord, shorten } from "../domain/text.ts";
import { ticketIn } from "./ticket-text.ts";

export type ParsedCommand =
  | {
      readonly ok: true;
      readonly resource: string;
      readonly role: string;
      readonly durationSeconds: number;
      readonly reason: string;
      readonly ticket?: string;
      /** The access is taken at once and reviewed afterwards. */
      readonly isBreakGlass: boolean;
    }
  | { readonly ok: false; readonly why: string };

const example = "For example: /request-access orders-db write 2h fixing INC-42";

/**
 * Parses `RESOURCE ROLE DURATION REASON…` (or `RESOURCE:ROLE DURATION REASON…`), typed after the command on any
 * keyboard. The word `break-glass` before the reason takes the access at once; inside the reason it never does.
 */
export function parseCommandText(text: string): ParsedCommand {
  const words = wordsOf(unescapeSlack(text));
  const plainly = readHead(words);
  if (plainly.ok) {
    const said = breakGlassAt(words, plainly.length);
    if (said?.isCertain === false) return { ok: false, why: wordUncertain(plainly) };
    return request(plainly, words[plainly.length + (said?.length ?? 0) - 1], said !== undefined);
  }
  // Among the names and the duration `break-glass` is unambiguous, provided that they parse without it.
  for (let place = 0; place <= longestAccess; place += 1) {
    const said = breakGlassAt(words, place);
    if (!said) continue;
    const others = [...words.slice(0, place), ...words.slice(place + said.length)];
    const head = readHead(others);
    if (!head.ok) return head;
    if (place < head.length) return request(head, others[head.length - 1], true);
  }
  return plainly;
}

function request(
  { resource, role, durationSeconds }: Extract<Head, { ok: true }>,
  last: Word | undefined,
  isBreakGlass: boolean,
): ParsedCommand {
  const reason = last?.after ?? "";
  const ticket = ticketIn(reason, [resource, role]);
  const asked = { resource, role, durationSeconds, reason, isBreakGlass };
  return { ok: true, ...asked, ...(ticket === undefined ? {} : { ticket }) };
}

/** `plain`: as typed on a plain keyboard. `after`: all the text that follows, line breaks included. */
type Word = { readonly plain: string; readonly after: string };

/** Enough words for all that may precede the reason (`RESOURCE : ROLE 2 hours`, `break - glass`), plus some lookahead. */
const mostWords = 12;
/** In words, for `RESOURCE : ROLE`. */
const longestAccess = 3;

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(/\S+/gu)) {
    if (words.length === mostWords) break;
    const plain = plainWord(match[0]);
    const after = text.slice(match.index + match[0].length).trim();
    if (plain !== "") words.push({ plain, after });
  }
  return words;
}

function joined(words: readonly Word[]): string {
  return words.map(({ plain }) => plain).join(" ");
}

function count(text: string): number {
  return text.trim().split(" ").length;
}

type Head =
  | {
      readonly ok: true;
      readonly resource: string;
      readonly role: string;
      readonly durationSeconds: number;
      /** In words. */
      readonly length: number;
    }
  | { readonly ok: false; readonly why: string };

/** Parses what precedes the reason. */
function readHead(words: readonly Word[]): Head {
  const [named, resource = "", role = ""] =
    /^([^\s:]+)(?: ?: ?| )([^\s:]+)(?: |$)/u.exec(joined(words)) ?? [];
  const rest = named === undefined ? [] : words.slice(count(named));
  const [first] = rest;
  if (named === undefined || !first)
    return { ok: false, why: `Expected RESOURCE ROLE DURATION REASON. ${example}` };
  // A number alone takes its unit from the next word.
  const length = /^[\d.,]+$/u.test(first.plain) ? 2 : 1;
  const written = bareWord(joined(rest.slice(0, length)));
  const durationSeconds = readDuration(written);
  if (durationSeconds === undefined) return { ok: false, why: durationFault(first.plain) };
  for (const more of [1, 2, 3]) {
    const longer = bareWord(joined(rest.slice(0, length + more)));
    const seconds = longer === written ? undefined : readDuration(longer);
    if (seconds !== undefined) return { ok: false, why: wordTwoDurations(longer, seconds) };
  }
  return {
    ok: true,
    resource: bareWord(resource),
    role: bareWord(role),
    durationSeconds,
    length: count(named) + length,
  };
}

/** `1h 30m outage` is ambiguous: it may mean an hour and a half, or one hour and a reason that begins with `30m`. */
function wordTwoDurations(written: string, seconds: number): string {
  return `“${shorten(written, 40)}” may be one duration, or one and the beginning of the reason. Write it as one word, ${formatDuration(seconds)}, or begin the reason with another word.`;
}

const breakGlass = String.raw`break ?[-_]* ?glass`;
const breakGlassFirst = new RegExp(
  String.raw`^["'*_(\[#-]*${breakGlass}["'*_)\]]*([:;,.!-]*)(?: |$)(\S*)`,
  "iu",
);

/**
 * Finds `break-glass` at this place, with its length in words. Two words that continue like a sentence (`break glass
 * flow is broken`) may belong to the reason, so they are not certain.
 */
function breakGlassAt(
  words: readonly Word[],
  place: number,
): { readonly length: number; readonly isCertain: boolean } | undefined {
  const [all, stop = "", next = ""] = breakGlassFirst.exec(joined(words.slice(place))) ?? [];
  if (all === undefined) return undefined;
  const length = count(all) - (next === "" ? 0 : 1);
  const isMarked = stop !== "" || next === "" || next.startsWith("-") || ticketIn(next) !== undefined;
  return { length, isCertain: length === 1 || isMarked };
}

/** Whether a reason begins with `break-glass`, which in a command takes the access at once. */
export function beginsWithBreakGlass(reason: string): boolean {
  return breakGlassAt(wordsOf(reason), 0) !== undefined;
}

const breakGlassWithin = new RegExp(String.raw`(?<![\p{L}\p{N}])${breakGlass}(?![\p{L}\p{N}])`, "iu");

/** Whether a reason mentions break-glass, in any spelling: a mention only leads to a hint, it never takes the access. */
export function mentionsBreakGlass(reason: string): boolean {
  return breakGlassWithin.test(plainWord(reason).replace(/\s+/gu, " "));
}

/** Explains how to take at once the access that a command asks for. */
export function howToBreakGlass({
  resource,
  role,
  durationSeconds,
}: Omit<Extract<Head, { ok: true }>, "ok" | "length">): string {
  return `To take the access at once, where a rule lets you, write break-glass in one word before the reason: /request-access ${resource} ${role} ${formatDuration(durationSeconds)} break-glass REASON`;
}

function wordUncertain(head: Extract<Head, { ok: true }>): string {
  return `Nothing was filed: “break glass” may belong to your reason. ${howToBreakGlass(head)}. To ask the ordinary way, begin the reason with another word.`;
}

/** The error text for a duration that does not parse. */
export function durationFault(text: string): string {
  return `“${shorten(text, 40)}” is not a duration. Write it like 45m, 2h or 1h30m.`;
}

/** Slack delivers `&`, `<` and `>` in a command's text as entities. */
export function unescapeSlack(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
