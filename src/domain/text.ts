// Controls that are neither a tab nor a line break, and halves of characters: a database refuses some of them, and Slack
// counts each six times over.
// oxlint-disable-next-line eslint/no-control-regex
const unfit = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]|\p{Cs}/gu;

/** What people typed, fit to be stored and shown anywhere: what no text can hold is replaced by U+FFFD. */
export function storable(text: string): string {
  return text.replace(unfit, "\uFFFD");
}

/** A letter, digit, sign or emoji: not white space, not a control, not one of Unicode's invisible characters. */
const visible = /[^\s\p{C}\p{M}\p{DI}\u2800]/u;

/** Whether nobody could read anything in it. */
export function isBlank(text: string): boolean {
  return !visible.test(text);
}

/** What nobody sees: zero-width characters, marks of direction, soft hyphens, tags, fillers. */
const invisible = /[\p{DI}\uFFF9-\uFFFB]/gu;

/** On one line, without anything that nobody sees or that turns the direction of what is written after it. */
export function onOneLine(text: string): string {
  return text
    .replace(invisible, "")
    .replace(/[\s\u2800]+/gu, " ")
    .trim();
}

/** The name of somebody or something that may be confused with another, with whatever nobody sees shown by its number. */
export function visibly(name: string): string {
  return name.replace(invisible, (character) => {
    const number = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    return `<U+${number}>`;
  });
}

/**
 * Text as it would be typed on a plain keyboard, but for dashes: phones write curly quotes by themselves, some keyboards
 * full-width letters, and what is pasted brings characters along that nobody sees. For what is read (names, durations,
 * tickets), never for what people say.
 */
export function plainLetters(text: string): string {
  return text
    .replace(invisible, "")
    .replace(/[\uFF01-\uFF5E]/gu, (wide) => String.fromCodePoint(wide.charCodeAt(0) - 0xfee0))
    .replace(/[\u2018-\u201B\u2039\u203A\u00B4`]/gu, "'")
    .replace(/[\u201C-\u201F\u00AB\u00BB\u300C\u300D]/gu, '"');
}

/** The same, with a hyphen for every dash. */
export function plainWord(text: string): string {
  return plainLetters(text).replace(/[\p{Pd}\u2212]/gu, "-");
}

/** Without the quotes and brackets around it, and the comma or full stop after it. */
export function bareWord(text: string): string {
  return text.replace(/^["'*(<[]+/u, "").replace(/["'*)>\],.;:!?]+$/u, "");
}

/** Quotes what came, on one line and cut short: a policy may hold anything. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�");
}
