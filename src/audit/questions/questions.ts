import { storable } from "../../domain/text.ts";
import { asWord, back, Day, type Naming, readTime, timeFault, userIn, quoted } from "../export/filters.ts";
import type { Span } from "./holdings.ts";

/** A resource, or one role of it. */
export type AskedAccess = { readonly resource: string; readonly role?: string };
export type WhoQuestion = AskedAccess & { readonly span: Span; readonly when: string };
export type WhatQuestion = { readonly person: string; readonly span?: Span; readonly when: string };

export type ReadQuestion<T> =
  { readonly ok: true; readonly question: T } | { readonly ok: false; readonly fault: string };

type WrittenTimes = { readonly at?: string | undefined; readonly between?: readonly string[] | undefined };

/** Reads `orders-db:write`, and a moment, a day or a span; now by default. */
export function readWhoQuestion(
  access: string,
  times: WrittenTimes,
  now: Date,
  called: Naming = asWord,
): ReadQuestion<WhoQuestion> {
  const [, resource = "", role] = /^([^\s:]+)(?::([^\s:]+))?$/u.exec(storable(access).trim()) ?? [];
  if (resource === "")
    return fault(`Expected RESOURCE or RESOURCE:ROLE such as orders-db:write, got ${quoted(access)}.`);
  const asked = { resource, ...(role === undefined ? {} : { role }) };
  const read = readTimes(times, now, called);
  return read.ok ? { ok: true, question: { ...asked, ...read.question } } : read;
}

/** Reads a person's address, or `person-7` for an erased person, and a span; all time by default. */
export function readWhatQuestion(
  person: string,
  between: readonly string[] | undefined,
  now: Date,
  called: Naming = asWord,
): ReadQuestion<WhatQuestion> {
  const user = userIn(person);
  if (user === null)
    return fault(`Expected an e-mail address, or person-7 for who was erased, got ${quoted(person)}.`);
  if (between === undefined) return { ok: true, question: { person: user, when: "ever" } };
  const read = readTimes({ between }, now, called);
  return read.ok ? { ok: true, question: { person: user, ...read.question } } : read;
}

/** Reads the words after `who`: `orders-db:write`, then nothing, `at TIME` or `between TIME and TIME`. */
export function parseWhoQuestion(words: readonly string[], now: Date): ReadQuestion<WhoQuestion> {
  const [access = "", word, ...rest] = words;
  const times = rest.filter((each, index) => !(index === 1 && each.toLowerCase() === "and"));
  switch (word?.toLowerCase()) {
    case undefined:
      return readWhoQuestion(access, {}, now);
    case "at":
      if (times.length === 1) return readWhoQuestion(access, { at: times[0] }, now);
      break;
    case "between":
      return readWhoQuestion(access, { between: times }, now);
  }
  return fault(
    `Expected at TIME or between TIME and TIME after ${quoted(access)}, such as at 2026-03-03T09:00Z, got ${quoted([word, ...rest].join(" "))}.`,
  );
}

/** Reads `AR-1042` or `1042`. */
export function readRequestNumber(text: string): ReadQuestion<number> {
  const number = /^(?:AR-)?(\d{1,9})$/i.exec(text.trim())?.[1];
  return number === undefined
    ? fault(`Expected a request such as AR-1042, got ${quoted(text)}.`)
    : { ok: true, question: Number(number) };
}

function readTimes(
  { at, between }: WrittenTimes,
  now: Date,
  called: Naming,
): ReadQuestion<{ readonly span: Span; readonly when: string }> {
  if (at !== undefined && between !== undefined)
    return fault(`${called("at")} and ${called("between")} are two questions; ask one of them.`);
  if (between) return readBetween(between, now, called);
  const from = at === undefined ? now : readTime(at, now, "since");
  if (from === null) return fault(timeFault(called("at"), at));
  if (from > now) return fault(`${called("at")} must not be in the future, got ${quoted(at)}.`);
  const isDay = at !== undefined && Day.safeParse(at).success;
  // A moment lasts a millisecond, the resolution of the log's clock.
  const until = back(from, isDay ? -86_400 : -0.001);
  const when = isDay ? `on ${at} (UTC)` : `at ${wordTime(from)}`;
  return { ok: true, question: { span: { from, until }, when } };
}

function readBetween(
  between: readonly string[],
  now: Date,
  called: Naming,
): ReadQuestion<{ readonly span: Span; readonly when: string }> {
  const [first, last, ...more] = between;
  if (first === undefined || last === undefined || more.length > 0)
    return fault(
      `${called("between")} takes two times, such as 2026-03-01 and 2026-03-31, got ${quoted(between.join(" "))}.`,
    );
  const from = readTime(first, now, "since");
  if (from === null) return fault(timeFault(called("between"), first));
  const until = readTime(last, now, "until");
  if (until === null) return fault(timeFault(called("between"), last));
  if (from >= until) return fault(`The first time of ${called("between")} must be earlier than the second.`);
  return {
    ok: true,
    question: { span: { from, until }, when: `between ${wordTime(from)} and ${wordTime(until)}` },
  };
}

/** Formats a time as people write it in a question: `2026-03-03T09:00:00Z`. */
export function wordTime(at: Date): string {
  return at.toISOString().replace(".000Z", "Z");
}

/** Says that nobody could; `title`: the policy's name for what was asked about. */
export function wordNobody(
  { resource, role, when }: Pick<WhoQuestion, "resource" | "role" | "when">,
  title: string | undefined,
): string {
  const access = role === undefined ? resource : `${resource}:${role}`;
  return `Nobody could use ${title === undefined ? access : `${title} (${access})`} ${when}, as far as Hallpass gave it.`;
}

/** Says what is unknown to an answer about the time from `from` on, because it was retired; `undefined` if nothing is. */
export function wordRetired(retiredUntil: Date | undefined, from: Date | undefined): string | undefined {
  if (retiredUntil === undefined || (from !== undefined && from > retiredUntil)) return undefined;
  return `What happened until ${wordTime(retiredUntil)} was retired from the audit, and no answer knows of it.`;
}

function fault(text: string): { readonly ok: false; readonly fault: string } {
  return { ok: false, fault: text };
}
