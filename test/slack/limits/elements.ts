import {
  boolean,
  type Check,
  characters,
  isObject,
  list,
  object,
  objectsIn,
  oneOf,
  required,
  wholeNumber,
} from "./check.ts";
import { anyText, confirm, eitherOptionsOrGroups, offered, option, plainText, url } from "./composition.ts";

const any = { action_id: characters(1, 255), confirm, focus_on_load: boolean() };
const asking = { ...any, placeholder: plainText(150) };
const several = { max_selected_items: wholeNumber(1, 1_000_000) };
const id = characters(1, 255);
const date = characters(10, 10);

/** As Slack's own client would otherwise show another choice than the app thinks. */
const initialIsOffered: Check = (value, at) => {
  if (!isObject(value)) return [];
  const groups = objectsIn(value["option_groups"]).flatMap((group) => objectsIn(group["options"]));
  const there = [...objectsIn(value["options"]), ...groups].map((each) => JSON.stringify(each));
  const initial = [value["initial_option"], ...objectsIn(value["initial_options"])].filter(isObject);
  return initial.some((each) => !there.includes(JSON.stringify(each)))
    ? [`${at}: its initial option is not among its options, Slack wants it to be exactly one of them`]
    : [];
};

const text = {
  ...asking,
  min_length: wholeNumber(0, 3000),
  max_length: wholeNumber(1, 3000),
  initial_value: characters(1, 3000),
};

const initialFits: Check = (value, at) => {
  if (!isObject(value)) return [];
  const { initial_value: initial, max_length: most } = value;
  return typeof initial === "string" && typeof most === "number" && initial.length > most
    ? [`${at}.initial_value: ${initial.length} characters, its own max_length allows ${most}`]
    : [];
};

const few = (offer: (most: number) => Check): Check =>
  object(
    {
      ...any,
      options: required(list(1, 10, option(offer))),
      initial_option: option(offer),
      initial_options: list(1, 10, option(offer)),
    },
    initialIsOffered,
  );

/** By `type`: what Slack allows of an interactive element. */
const elements = {
  button: object({
    ...any,
    text: required(plainText(75)),
    value: characters(1, 2000),
    url,
    style: oneOf("primary", "danger"),
    accessibility_label: characters(1, 75),
  }),
  static_select: object(
    { ...asking, ...offered(1), initial_option: option(plainText) },
    eitherOptionsOrGroups,
    initialIsOffered,
  ),
  multi_static_select: object(
    { ...asking, ...several, ...offered(1), initial_options: list(1, 100, option(plainText)) },
    eitherOptionsOrGroups,
    initialIsOffered,
  ),
  external_select: object({
    ...asking,
    min_query_length: wholeNumber(0, 1_000),
    initial_option: option(plainText),
  }),
  multi_external_select: object({
    ...asking,
    ...several,
    min_query_length: wholeNumber(0, 1_000),
    initial_options: list(1, 100, option(plainText)),
  }),
  users_select: object({ ...asking, initial_user: id }),
  multi_users_select: object({ ...asking, ...several, initial_users: list(1, 100, id) }),
  conversations_select: object({ ...asking, initial_conversation: id }),
  multi_conversations_select: object({ ...asking, ...several, initial_conversations: list(1, 100, id) }),
  channels_select: object({ ...asking, initial_channel: id }),
  multi_channels_select: object({ ...asking, ...several, initial_channels: list(1, 100, id) }),
  overflow: object({ ...any, options: required(list(1, 5, option(plainText))) }),
  checkboxes: few(anyText),
  radio_buttons: few(anyText),
  datepicker: object({ ...asking, initial_date: date }),
  timepicker: object({ ...asking, initial_time: characters(5, 5), timezone: characters(1, 100) }),
  datetimepicker: object({ ...any, initial_date_time: wholeNumber(1_000_000_000, 9_999_999_999) }),
  plain_text_input: object({ ...text, multiline: boolean() }, initialFits),
  email_text_input: object(text),
  url_text_input: object(text),
  number_input: object({ ...asking, is_decimal_allowed: required(boolean()) }),
  rich_text_input: object(asking),
  file_input: object({ ...any, max_files: wholeNumber(1, 10), filetypes: list(1, 100, id) }),
} as const satisfies Readonly<Record<string, Check>>;

type ElementType = keyof typeof elements;

const selects: readonly ElementType[] = [
  "static_select",
  "external_select",
  "users_select",
  "conversations_select",
  "channels_select",
];
const multiSelects: readonly ElementType[] = [
  "multi_static_select",
  "multi_external_select",
  "multi_users_select",
  "multi_conversations_select",
  "multi_channels_select",
];
const pickers: readonly ElementType[] = ["datepicker", "timepicker", "checkboxes", "radio_buttons"];

function only(...types: readonly ElementType[]): Readonly<Record<string, Check>> {
  return Object.fromEntries(types.map((type) => [type, elements[type]]));
}

export const inActions = only("button", "overflow", "datetimepicker", ...selects, ...pickers);
export const besideSection = only("button", "overflow", ...selects, ...multiSelects, ...pickers);
export const inInput = only(
  "plain_text_input",
  "email_text_input",
  "url_text_input",
  "number_input",
  "rich_text_input",
  "file_input",
  "datetimepicker",
  ...selects,
  ...multiSelects,
  ...pickers,
);
