import {
  objectOf,
  objectsOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";

/** One thing a select, a menu or a group of choices offers. */
export interface Choice {
  /** Tells choices apart: an option's value or an id. */
  readonly key: string;
  readonly text: string;
  readonly description: string;
  /** The label of its group; empty where it is in none. */
  readonly group: string;
  /** What Slack's value object holds of it: the whole option, or a bare id. */
  readonly held: JsonObject | string;
}

/** Under which key each kind of select keeps what is chosen, one or several. */
const heldUnder: Readonly<Record<string, string>> = {
  static_select: "selected_option",
  external_select: "selected_option",
  radio_buttons: "selected_option",
  multi_static_select: "selected_options",
  multi_external_select: "selected_options",
  checkboxes: "selected_options",
  users_select: "selected_user",
  multi_users_select: "selected_users",
  channels_select: "selected_channel",
  multi_channels_select: "selected_channels",
  conversations_select: "selected_conversation",
  multi_conversations_select: "selected_conversations",
  datepicker: "selected_date",
  timepicker: "selected_time",
  datetimepicker: "selected_date_time",
};

/** The key of an element's value object that holds what is entered. */
function valueKey(type: string): string {
  return heldUnder[type] ?? "value";
}

/** The value object of an element that holds this. */
export function valueObject(type: string, held: Json): JsonObject {
  return { type, [valueKey(type)]: held };
}

/** What the element's value object holds, or what it starts with where the server has told nothing. */
export function heldBy(element: JsonObject, value: JsonObject | undefined): Json {
  const type = textOf(element.type);
  const key = valueKey(type);
  if (value !== undefined) return value[key];
  return element[key === "value" ? "initial_value" : key.replace("selected_", "initial_")];
}

/** The choices of an element that brings its own, in their groups. */
export function ownChoices(element: JsonObject): readonly Choice[] {
  return choicesOf([...objectsOf(element.options), ...objectsOf(element.option_groups)]);
}

/** Options and groups of options as choices. */
export function choicesOf(options: readonly JsonObject[], group = ""): readonly Choice[] {
  return options.flatMap((option) =>
    Array.isArray(option.options)
      ? choicesOf(objectsOf(option.options), plainText(option.label))
      : [choiceOf(option, group)],
  );
}

/** One option as a choice. */
function choiceOf(option: JsonObject, group = ""): Choice {
  return {
    key: textOf(option.value),
    text: plainText(option.text),
    description: plainText(option.description),
    group,
    held: option,
  };
}

/** What is chosen, as choices; ids are looked up among what is known. */
export function chosenOf(held: Json, known: readonly Choice[]): readonly Choice[] {
  const all = Array.isArray(held) ? held : held === null || held === undefined ? [] : [held];
  const ids = textsOf(all).map(
    (id): Choice =>
      known.find(({ key }) => key === id) ?? { key: id, text: id, description: "", group: "", held: id },
  );
  return [...objectsOf(all).map((option) => choiceOf(objectOf(option))), ...ids];
}

/** The choices whose text or description holds what was typed, in any case. */
export function matching(choices: readonly Choice[], typed: string): readonly Choice[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return choices;
  return choices.filter(({ text, description }) => `${text} ${description}`.toLowerCase().includes(wanted));
}
