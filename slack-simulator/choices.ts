import { valueKey, type PlacedElement } from "./elements.ts";
import { optionsOf } from "./form.ts";
import type { JsonObject } from "./json.ts";
import { textObject } from "./visible-text.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The value object of a field after a person typed or chose `entered`, given as visible text. `found` holds the options an
 * external select came up with. Throws, naming what is on offer, where there is no such option.
 */
export function chosenValue(
  workspace: Workspace,
  placed: PlacedElement,
  entered: string | readonly string[],
  found: readonly JsonObject[],
): JsonObject {
  const { type, label, element } = placed;
  const texts = typeof entered === "string" ? [entered] : entered;
  const [first = ""] = texts;
  const wrap = (value: JsonObject[string]): JsonObject => ({ type, [valueKey(type)]: value });
  const fail = (text: string, offered: readonly string[]): never => {
    const there = offered.map((one) => `"${one}"`).join(", ") || "nothing";
    throw new Error(`"${label}" does not offer "${text}"; it offers ${there}`);
  };

  const pickOption = (text: string): JsonObject => {
    const offered = [...optionsOf(element), ...found];
    const option = offered.find((one) => textObject(one.text) === text);
    return (
      option ??
      fail(
        text,
        offered.map((one) => textObject(one.text)),
      )
    );
  };
  const pickUser = (text: string): string => {
    const name = text.replace(/^@/, "");
    const users = workspace.users();
    const user = users.find((one) => one.name === name || one.realName === name);
    return (
      user?.id ??
      fail(
        text,
        users.map((one) => one.name),
      )
    );
  };
  const pickChannel = (text: string): string => {
    const channels = workspace.channels().map((one) => `#${one.name}`);
    return workspace.findChannel(text)?.id ?? fail(text, channels);
  };

  switch (type) {
    case "static_select":
    case "external_select":
    case "radio_buttons":
      return wrap(pickOption(first));
    case "multi_static_select":
    case "multi_external_select":
    case "checkboxes":
      return wrap(texts.map(pickOption));
    case "users_select":
      return wrap(pickUser(first));
    case "multi_users_select":
      return wrap(texts.map(pickUser));
    case "channels_select":
    case "conversations_select":
      return wrap(pickChannel(first));
    case "multi_channels_select":
    case "multi_conversations_select":
      return wrap(texts.map(pickChannel));
    case "datetimepicker":
      return wrap(Number(first));
    case "rich_text_input": {
      const section = { type: "rich_text_section", elements: [{ type: "text", text: first }] };
      return wrap({ type: "rich_text", elements: [section] });
    }
    default:
      return wrap(first === "" ? null : first);
  }
}
