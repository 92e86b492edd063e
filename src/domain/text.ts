// Controls that are neither a tab nor a line break, and halves of characters: a database refuses some of them, and Slack
// counts each six times over.
// oxlint-disable-next-line eslint/no-control-regex
const unfit = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]|\p{Cs}/gu;

/** What people typed, fit to be stored and shown anywhere: what no text can hold is replaced by U+FFFD. */
export function storable(text: string): string {
  return text.replace(unfit, "\uFFFD");
}
