import { objectsOf, objectOf, type Json } from "../json.ts";
import { all, anything, array, boolean, broken, integer, object, oneOf, optional, string } from "./check.ts";
import type { Check } from "./check.ts";

/** A plain_text object of 1 to `max` characters. */
export function plainText(max: number): Check {
  return object({ type: oneOf("plain_text"), text: string({ min: 1, max }), emoji: optional(boolean) });
}

/** A plain_text or mrkdwn object of 1 to `max` characters. */
export function anyText(max = 3000): Check {
  return object({
    type: oneOf("plain_text", "mrkdwn"),
    text: string({ min: 1, max }),
    emoji: optional(boolean),
    verbatim: optional(boolean),
  });
}

const confirm = object({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: optional(oneOf("primary", "danger")),
});

const plainOption = object({
  text: plainText(75),
  value: string({ min: 1, max: 150 }),
  description: optional(plainText(75)),
  url: optional(string({ max: 3000 })),
});

const formattedOption = object({
  text: anyText(75),
  value: string({ min: 1, max: 150 }),
  description: optional(anyText(75)),
});

const optionGroups = array(
  object({ label: plainText(75), options: array(plainOption, { min: 1, max: 100 }) }),
  { min: 1, max: 100 },
);

/** Options as an external select's ack body carries them; none at all is a valid answer there. */
export const options = array(plainOption, { max: 100 });
export const groups = optionGroups;

const actionId = { action_id: optional(string({ max: 255 })) };
const common = {
  type: anything,
  ...actionId,
  confirm: optional(confirm),
  focus_on_load: optional(boolean),
};
const placeholder = { placeholder: optional(plainText(150)) };
const dispatch = {
  dispatch_action_config: optional(
    object({
      trigger_actions_on: array(oneOf("on_enter_pressed", "on_character_entered"), { min: 1, max: 2 }),
    }),
  ),
};
const typed = {
  type: anything,
  ...actionId,
  ...placeholder,
  ...dispatch,
  focus_on_load: optional(boolean),
  initial_value: optional(string({ max: 3000 })),
};
const select = { ...common, ...placeholder };
const multi = { ...select, max_selected_items: optional(integer({ min: 1 })) };
const conversationFilter = optional(
  object({
    include: optional(array(oneOf("im", "mpim", "private", "public"), { min: 1, max: 4 })),
    exclude_external_shared_channels: optional(boolean),
    exclude_bot_users: optional(boolean),
  }),
);
const staticOptions = {
  options: optional(array(plainOption, { min: 1, max: 100 })),
  option_groups: optional(optionGroups),
};

const button = object({
  type: anything,
  ...actionId,
  text: plainText(75),
  value: optional(string({ max: 2000 })),
  url: optional(string({ max: 3000 })),
  style: optional(oneOf("primary", "danger")),
  confirm: optional(confirm),
  accessibility_label: optional(string({ max: 75 })),
});

const pattern = (regExp: RegExp, expected: string): Check => {
  return (value, pointer) =>
    typeof value === "string" && regExp.test(value) ? [] : broken(pointer, `must be ${expected}`);
};

/** One check for every interactive element; which of them fit where is the block's affair. */
export const elements: Readonly<Record<string, Check>> = {
  button,
  workflow_button: anything,
  image: object({
    type: anything,
    alt_text: string({ min: 1, max: 2000 }),
    image_url: optional(string({ min: 1, max: 3000 })),
    slack_file: optional(anything),
  }),
  overflow: object({
    type: anything,
    ...actionId,
    options: array(plainOption, { min: 1, max: 5 }),
    confirm: optional(confirm),
  }),
  checkboxes: all(
    object({
      ...common,
      options: array(formattedOption, { min: 1, max: 10 }),
      initial_options: optional(array(formattedOption, { min: 1 })),
    }),
    initialAmongOptions,
  ),
  radio_buttons: all(
    object({
      ...common,
      options: array(formattedOption, { min: 1, max: 10 }),
      initial_option: optional(formattedOption),
    }),
    initialAmongOptions,
  ),
  static_select: all(
    object({ ...select, ...staticOptions, initial_option: optional(plainOption) }),
    hasOptions,
    initialAmongOptions,
  ),
  multi_static_select: all(
    object({ ...multi, ...staticOptions, initial_options: optional(array(plainOption, { min: 1 })) }),
    hasOptions,
    initialAmongOptions,
  ),
  external_select: object({
    ...select,
    min_query_length: optional(integer({ min: 0 })),
    initial_option: optional(plainOption),
  }),
  multi_external_select: object({
    ...multi,
    min_query_length: optional(integer({ min: 0 })),
    initial_options: optional(array(plainOption, { min: 1 })),
  }),
  users_select: object({ ...select, initial_user: optional(string()) }),
  multi_users_select: object({ ...multi, initial_users: optional(array(string())) }),
  channels_select: object({
    ...select,
    initial_channel: optional(string()),
    response_url_enabled: optional(boolean),
  }),
  multi_channels_select: object({ ...multi, initial_channels: optional(array(string())) }),
  conversations_select: object({
    ...select,
    initial_conversation: optional(string()),
    default_to_current_conversation: optional(boolean),
    response_url_enabled: optional(boolean),
    filter: conversationFilter,
  }),
  multi_conversations_select: object({
    ...multi,
    initial_conversations: optional(array(string())),
    default_to_current_conversation: optional(boolean),
    filter: conversationFilter,
  }),
  datepicker: object({
    ...select,
    initial_date: optional(pattern(/^\d{4}-\d{2}-\d{2}$/, "a date in the format YYYY-MM-DD")),
  }),
  timepicker: object({
    ...select,
    initial_time: optional(pattern(/^([01]\d|2[0-3]):[0-5]\d$/, "a time in the format HH:mm")),
    timezone: optional(string()),
  }),
  datetimepicker: object({
    ...common,
    initial_date_time: optional(integer({ min: 1_000_000_000, max: 9_999_999_999 })),
  }),
  plain_text_input: object({
    ...typed,
    multiline: optional(boolean),
    min_length: optional(integer({ min: 0, max: 3000 })),
    max_length: optional(integer({ min: 1, max: 3000 })),
  }),
  email_text_input: object(typed),
  url_text_input: object(typed),
  number_input: object({
    ...typed,
    is_decimal_allowed: boolean,
    min_value: optional(string()),
    max_value: optional(string()),
  }),
  rich_text_input: object({ ...typed, initial_value: optional(anything) }),
  file_input: object({
    type: anything,
    ...actionId,
    filetypes: optional(array(string({ min: 1 }))),
    max_files: optional(integer({ min: 1, max: 10 })),
  }),
};

function hasOptions(value: unknown, pointer: string): ReturnType<Check> {
  const { options: listed, option_groups: grouped } = objectOf(value);
  if (listed !== undefined && grouped !== undefined) {
    return broken(pointer, "must provide either `options` or `option_groups`, not both");
  }
  return listed === undefined && grouped === undefined
    ? broken(pointer, "missing required field: options")
    : [];
}

// Slack refuses a preselected option that is not, to the letter, one of those offered.
function initialAmongOptions(value: unknown, pointer: string): ReturnType<Check> {
  const element = objectOf(value);
  const offered = [
    ...objectsOf(element.options),
    ...objectsOf(element.option_groups).flatMap((group) => objectsOf(group.options)),
  ].map(identity);
  const chosen = [...objectsOf([element.initial_option]), ...objectsOf(element.initial_options)];
  return chosen
    .filter((option) => !offered.includes(identity(option)))
    .flatMap(() => broken(pointer, "initial option must exactly match one of the provided options"));
}

function identity(option: Readonly<Record<string, Json>>): string {
  return JSON.stringify([objectOf(option.text).text, option.value]);
}
