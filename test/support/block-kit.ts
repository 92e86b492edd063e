/** Block Kit as small as Slack takes it, to be made too large. */

export const x = (length: number): string => "x".repeat(length);
export const plain = (length: number): object => ({ type: "plain_text", text: x(length) });
export const mrkdwn = (length: number): object => ({ type: "mrkdwn", text: x(length) });
export const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

export const section = (over: object = {}): object => ({ type: "section", text: plain(5), ...over });
export const actions = (...elements: readonly object[]): object => ({ type: "actions", elements });
export const input = (element: object, over: object = {}): object => ({
  type: "input",
  label: plain(5),
  element,
  ...over,
});
export const button = (over: object = {}): object => ({
  type: "button",
  text: plain(5),
  action_id: "a",
  ...over,
});
export const option = (over: object = {}): object => ({ text: plain(5), value: "v", ...over });
export const options = (count: number): readonly object[] =>
  many(count, (index) => option({ value: String(index) }));
export const select = (over: object): object => ({ type: "static_select", options: options(1), ...over });
export const confirm = (over: object = {}): object => ({
  title: plain(5),
  text: plain(5),
  confirm: plain(5),
  deny: plain(5),
  ...over,
});
export const typed = (over: object): object => ({ type: "plain_text_input", action_id: "a", ...over });
export const richText = (...elements: readonly object[]): object => ({ type: "rich_text", elements });
export const paragraph = (...elements: readonly object[]): object => ({
  type: "rich_text_section",
  elements,
});
export const modal = (over: object = {}): object => ({
  type: "modal",
  title: plain(5),
  submit: plain(5),
  blocks: [section()],
  ...over,
});

/** What is measured, what is said of a value of some size, the largest size allowed, and what is said of one more. */
export type Limit = readonly [string, (size: number) => readonly string[], number, string];

/** The largest allowed is fine, one more is not. */
export function checksLimits(limits: readonly Limit[]): void {
  it.each(limits)("%s: the largest allowed is fine, one more is not", (_, faults, most, said) => {
    expect(faults(most)).toEqual([]);
    expect(faults(most + 1)).toEqual([expect.stringContaining(said)]);
  });
}

/** What is wrong, what is said of it, and a part of the one fault expected. */
export type Rule = readonly [string, readonly string[], string];

export function checksRules(rules: readonly Rule[]): void {
  it.each(rules)("refuses %s", (_, faults, said) => {
    expect(faults).toEqual([expect.stringContaining(said)]);
  });
}
