// Control characters other than tab and line break, and lone surrogates: a database refuses some of them, and Slack counts each as six
// characters.
// oxlint-disable-next-line eslint/no-control-regex
const unfit = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]|\p{Cs}/gu;

/** Makes typed text fit to be stored and shown anywhere: replaces what no text can hold by U+FFFD. */
export function storable(text: string): string {
  return text.replace(unfit, "\uFFFD");
}

/** A letter, digit, sign or emoji: not white space, not a control, not one of Unicode's invisible characters. */
const visible = /[^\s\p{C}\p{M}\p{DI}\u2800]/u;

/** Whether the text has no visible character. */
export function isBlank(text: string): boolean {
  return !visible.test(text);
}

/** Invisible characters: zero-width characters, direction marks, soft hyphens, tags, fillers. */
const invisible = /[\p{DI}\uFFF9-\uFFFB]/gu;

/** Puts text on one line, without invisible characters and those that change the direction of the text after them. */
export function onOneLine(text: string): string {
  return text
    .replace(invisible, "")
    .replace(/[\s\u2800]+/gu, " ")
    .trim();
}

/** What turns the direction of the text after it: embeddings, overrides, isolates. */
const turning = /[\u202A-\u202E\u2066-\u2069]/gu;

/** Text that shows in the order in which it was typed: nothing in it turns what follows. */
export function unturned(text: string): string {
  return text.replace(turning, "");
}

/** Puts what people and providers said on one line, without anything that a terminal would act on. */
export function onTerminalLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
}

/** A name with its invisible characters shown as code points, for names that may be confused with another. */
export function visibly(name: string): string {
  return name.replace(invisible, (character) => {
    const number = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    return `<U+${number}>`;
  });
}

/**
 * Turns text into what a plain keyboard would type, except for dashes: phones write curly quotes by themselves, some keyboards
 * full-width letters, and pasted text brings invisible characters. For text that is parsed (names, durations, tickets), never for
 * what people say.
 */
export function plainLetters(text: string): string {
  return text
    .replace(invisible, "")
    .replace(/[\uFF01-\uFF5E]/gu, (wide) => String.fromCodePoint(wide.charCodeAt(0) - 0xfee0))
    .replace(/[\u2018-\u201B\u2039\u203A\u00B4`]/gu, "'")
    .replace(/[\u201C-\u201F\u00AB\u00BB\u300C\u300D]/gu, '"');
}

/** Does the same as `plainLetters`, and turns every dash into a hyphen. */
export function plainWord(text: string): string {
  return plainLetters(text).replace(/[\p{Pd}\u2212]/gu, "-");
}

/** Strips the quotes and brackets around a word, and the punctuation after it. */
export function bareWord(text: string): string {
  return text.replace(/^["'*(<[]+/u, "").replace(/["'*)>\],.;:!?]+$/u, "");
}

/** Cuts a text to at most `length` UTF-16 units, never half a character, with an ellipsis if something is missing. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Quotes input on one line, cut to 80 characters: a policy may hold anything. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
}
