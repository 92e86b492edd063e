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

/** On one line, with nothing that would turn the direction of what is written after it. */
export function onOneLine(text: string): string {
  return text
    .replace(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
}
