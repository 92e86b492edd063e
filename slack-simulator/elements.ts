import { randomBytes } from "node:crypto";
import { isObject, objectOf, objectsOf, textOf, type JsonObject } from "./json.ts";
import type { Values } from "./model.ts";
import { textObject } from "./visible-text.ts";

/** An interactive element with the block it stands in. */
export interface PlacedElement {
  readonly block: JsonObject;
  readonly blockId: string;
  readonly actionId: string;
  readonly type: string;
  readonly element: JsonObject;
  /** What a person would call it: an input's label, a section's text, else the placeholder or the action id. */
  readonly label: string;
}

/** Every element a person can use, in reading order. Expects blocks that went through `withIds`. */
export function interactiveElements(blocks: readonly JsonObject[]): readonly PlacedElement[] {
  return blocks.flatMap((block) => {
    const found =
      block.type === "input"
        ? objectsOf([block.element])
        : block.type === "section"
          ? objectsOf([block.accessory])
          : block.type === "actions" || block.type === "context_actions"
            ? objectsOf(block.elements)
            : [];
    return found
      .filter((element) => element.type !== "image")
      .map((element) => ({
        block,
        blockId: textOf(block.block_id),
        actionId: textOf(element.action_id),
        type: textOf(element.type),
        element,
        label:
          textObject(
            block.type === "input" ? block.label : block.type === "section" ? block.text : undefined,
          ) ||
          textObject(element.placeholder) ||
          textOf(element.action_id),
      }));
  });
}

/** Gives every block and interactive element the id that Slack would make up for it. */
export function withIds(blocks: readonly JsonObject[]): readonly JsonObject[] {
  return blocks.map((block) => {
    const identified: JsonObject = { ...block, block_id: textOf(block.block_id) || madeUpId() };
    if (block.type === "input") return { ...identified, element: withActionId(block.element) };
    if (block.type === "section" && isObject(block.accessory) && block.accessory.type !== "image") {
      return { ...identified, accessory: withActionId(block.accessory) };
    }
    if (block.type === "actions") {
      return { ...identified, elements: objectsOf(block.elements).map(withActionId) };
    }
    return identified;
  });
}

/**
 * The state of a view's or message's elements. What was entered survives an update as long as block id, action id and type
 * stay the same; everything else starts from its initial value.
 */
export function valuesOf(blocks: readonly JsonObject[], entered: Values = {}): Values {
  const values: Record<string, Record<string, JsonObject>> = {};
  for (const placed of interactiveElements(blocks)) {
    const initial = initialValue(placed.element);
    if (initial === undefined) continue;
    const kept = entered[placed.blockId]?.[placed.actionId];
    const value = kept?.type === placed.type ? kept : initial;
    values[placed.blockId] = { ...values[placed.blockId], [placed.actionId]: value };
  }
  return values;
}

/** The values with one element's value replaced. */
export function withValue(values: Values, placed: PlacedElement, value: JsonObject): Values {
  return { ...values, [placed.blockId]: { ...values[placed.blockId], [placed.actionId]: value } };
}

/** An element's value as it first stands, in Slack's shape; undefined for buttons and menus, which hold none. */
function initialValue(element: JsonObject): JsonObject | undefined {
  const type = textOf(element.type);
  const selected = SELECTED[type];
  if (selected !== undefined) {
    const [key, initial, empty] = selected;
    return { type, [key]: element[initial] ?? empty };
  }
  return type.endsWith("_input") ? { type, value: element.initial_value ?? null } : undefined;
}

/** By element type: the value's key, the definition's key for the initial value, and the empty value. */
const SELECTED: Readonly<Record<string, readonly [string, string, null | readonly []]>> = {
  static_select: ["selected_option", "initial_option", null],
  external_select: ["selected_option", "initial_option", null],
  radio_buttons: ["selected_option", "initial_option", null],
  users_select: ["selected_user", "initial_user", null],
  channels_select: ["selected_channel", "initial_channel", null],
  conversations_select: ["selected_conversation", "initial_conversation", null],
  multi_static_select: ["selected_options", "initial_options", []],
  multi_external_select: ["selected_options", "initial_options", []],
  checkboxes: ["selected_options", "initial_options", []],
  multi_users_select: ["selected_users", "initial_users", []],
  multi_channels_select: ["selected_channels", "initial_channels", []],
  multi_conversations_select: ["selected_conversations", "initial_conversations", []],
  datepicker: ["selected_date", "initial_date", null],
  timepicker: ["selected_time", "initial_time", null],
  datetimepicker: ["selected_date_time", "initial_date_time", null],
  rich_text_input: ["rich_text_value", "initial_value", null],
  file_input: ["files", "initial_files", []],
};

/** The key under which an element of this type keeps its value. */
export function valueKey(type: string): string {
  return SELECTED[type]?.[0] ?? "value";
}

function withActionId(element: unknown): JsonObject {
  const given = objectOf(element);
  return { ...given, action_id: textOf(given.action_id) || madeUpId() };
}

function madeUpId(): string {
  return randomBytes(4).toString("base64url").slice(0, 5);
}
