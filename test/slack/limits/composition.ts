import {
  boolean,
  byType,
  type Check,
  characters,
  exactlyOneOf,
  list,
  object,
  oneOf,
  required,
} from "./check.ts";

const emoji = boolean();

export function plainText(most: number): Check {
  return byType({ plain_text: object({ text: required(characters(1, most)), emoji }) });
}

/** Plain text or mrkdwn. */
export function anyText(most: number): Check {
  const text = required(characters(1, most));
  return byType({ plain_text: object({ text, emoji }), mrkdwn: object({ text, verbatim: boolean() }) });
}

/** The link of a button, an option or an image. */
export const url = characters(1, 3000);

export const confirm = object({
  title: required(plainText(100)),
  text: required(anyText(300)),
  confirm: required(plainText(30)),
  deny: required(plainText(30)),
  style: oneOf("primary", "danger"),
});

/** An option; only checkboxes and radio buttons may carry mrkdwn. */
export function option(text: (most: number) => Check): Check {
  return object({
    text: required(text(75)),
    value: required(characters(1, 150)),
    description: text(75),
    url,
  });
}

const optionGroup = object({
  label: required(plainText(75)),
  options: required(list(1, 100, option(plainText))),
});

/** What a select offers: at most 100 options or 100 groups of them. None at all is an answer to a search only. */
export function offered(least: number): { readonly options: Check; readonly option_groups: Check } {
  return { options: list(least, 100, option(plainText)), option_groups: list(least, 100, optionGroup) };
}

export const eitherOptionsOrGroups = exactlyOneOf("options", "option_groups");
