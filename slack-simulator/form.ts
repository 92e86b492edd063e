import { interactiveElements, valueKey, type PlacedElement } from "./elements.ts";
import { objectOf, objectsOf, textOf, textsOf, type Json, type JsonObject } from "./json.ts";
import type { OpenView } from "./model.ts";
import { textObject, visibleText } from "./visible-text.ts";
import { viewPressables } from "./seen.ts";
import type { Workspace } from "./workspace.ts";

/** One field of a form as a person sees it. */
interface Field {
  readonly label: string;
  /** The element's type, such as `plain_text_input` or `static_select`. */
  readonly kind: string;
  /** The visible texts of what may be chosen; empty where it is typed or searched. */
  readonly options: readonly string[];
  /** What is entered, as visible text; several for multi-selects and checkboxes. */
  readonly value: string | readonly string[] | undefined;
  readonly hint: string | undefined;
  readonly placeholder: string | undefined;
  readonly error: string | undefined;
  readonly optional: boolean;
}

/** A modal or Home tab as a person sees it. */
export interface SeenView {
  readonly title: string;
  readonly submit: string | undefined;
  readonly close: string | undefined;
  /** All text in the blocks, labels and hints included. */
  readonly text: string;
  readonly fields: readonly Field[];
  readonly buttons: readonly string[];
  /** Slack's own banner after an unanswered submission. */
  readonly failure: string | undefined;
  readonly blocks: readonly JsonObject[];
  readonly callbackId: string;
  readonly privateMetadata: string;
}

/** The view with labels instead of ids. */
export function seeView(workspace: Workspace, view: OpenView): SeenView {
  const { definition } = view;
  const blocks = objectsOf(definition.blocks);
  return {
    title: textObject(definition.title),
    submit: textObject(definition.submit) || undefined,
    close: textObject(definition.close) || undefined,
    text: visibleText(blocks),
    fields: formElements(blocks).map((placed) => seeField(workspace, view, placed)),
    buttons: viewPressables(view).map((pressable) => pressable.text),
    failure: view.failure,
    blocks,
    callbackId: textOf(definition.callback_id),
    privateMetadata: textOf(definition.private_metadata),
  };
}

/** The elements that hold a value: everything interactive but buttons and menus. */
export function formElements(blocks: readonly JsonObject[]): readonly PlacedElement[] {
  const pressed = new Set(["button", "workflow_button", "overflow", "feedback_buttons", "icon_button"]);
  return interactiveElements(blocks).filter((placed) => !pressed.has(placed.type));
}

/** The options a select, radio group or checkbox group offers by itself. */
export function optionsOf(element: JsonObject): readonly JsonObject[] {
  return [
    ...objectsOf(element.options),
    ...objectsOf(element.option_groups).flatMap((group) => objectsOf(group.options)),
  ];
}

/** What Slack's own client says before it sends anything: by block id, empty when the form may go. */
export function clientErrors(view: OpenView): Readonly<Record<string, string>> {
  const errors = formElements(objectsOf(view.definition.blocks))
    .filter((placed) => placed.block.type === "input")
    .flatMap((placed): readonly (readonly [string, string])[] => {
      const error = clientError(placed, view.values[placed.blockId]?.[placed.actionId]);
      return error === undefined ? [] : [[placed.blockId, error]];
    });
  return Object.fromEntries(errors);
}

function clientError(
  { block, element, type }: PlacedElement,
  value: JsonObject | undefined,
): string | undefined {
  const entered = value?.[valueKey(type)];
  const isEmpty =
    entered === undefined ||
    entered === null ||
    entered === "" ||
    (Array.isArray(entered) && entered.length === 0);
  if (isEmpty) return block.optional === true ? undefined : "Please complete this required field.";
  const text = textOf(entered);
  const { min_length: minLength, max_length: maxLength, min_value: least, max_value: most } = element;
  if (typeof minLength === "number" && text.length < minLength) {
    return `Must be at least ${minLength} characters.`;
  }
  if (typeof maxLength === "number" && text.length > maxLength) {
    return `Must be at most ${maxLength} characters.`;
  }
  if (type === "number_input") {
    const number = Number(text);
    if (Number.isNaN(number)) return "Must be a number.";
    if (element.is_decimal_allowed !== true && !Number.isInteger(number)) return "Must be a whole number.";
    if (least !== undefined && number < Number(least)) return `Must be at least ${textOf(least)}.`;
    if (most !== undefined && number > Number(most)) return `Must be at most ${textOf(most)}.`;
  }
  if (type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(text)) return "Must be an e-mail address.";
  if (type === "url_text_input" && !URL.canParse(text)) return "Must be a URL.";
  return undefined;
}

function seeField(workspace: Workspace, view: OpenView, placed: PlacedElement): Field {
  const { block, element, type, blockId, actionId, label } = placed;
  const value = view.values[blockId]?.[actionId]?.[valueKey(type)];
  return {
    label,
    kind: type,
    options: offered(workspace, element, type),
    value: shown(workspace, value),
    hint: textObject(block.hint) || undefined,
    placeholder: textObject(element.placeholder) || undefined,
    error: view.errors[blockId],
    optional: block.type !== "input" || block.optional === true,
  };
}

function offered(workspace: Workspace, element: JsonObject, type: string): readonly string[] {
  if (type.endsWith("users_select")) return workspace.users().map((user) => user.name);
  if (type.endsWith("channels_select") || type.endsWith("conversations_select")) {
    return workspace.channels().map((channel) => `#${channel.name}`);
  }
  return optionsOf(element).map((option) => textObject(option.text));
}

function shown(workspace: Workspace, value: Json): Field["value"] {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) {
    const options = objectsOf(value).map((option) => textObject(option.text));
    return [...options, ...textsOf(value).map((id) => named(workspace, id))];
  }
  if (typeof value === "object") {
    const option = objectOf(value);
    return option.text === undefined ? visibleText([option]) : textObject(option.text);
  }
  return named(workspace, String(value));
}

function named(workspace: Workspace, id: string): string {
  const channel = workspace.channel(id);
  return workspace.user(id)?.name ?? (channel === undefined ? id : `#${channel.name}`);
}
