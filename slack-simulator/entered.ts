import { valueKey, type PlacedElement } from "./elements.ts";
import { optionsOf } from "./form.ts";
import { isObject, textOf, type Json, type JsonObject } from "./json.ts";
import type { User } from "./model.ts";
import { NotOnScreen } from "./screen.ts";
import { canSee } from "./seen.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The value object a client sends for an element, made sure to be one the element can hold: of its type, and with nothing
 * chosen that it does not offer to this person. Throws NotOnScreen otherwise.
 */
export function enteredValue(
  workspace: Workspace,
  me: User,
  placed: PlacedElement,
  given: JsonObject,
): JsonObject {
  const { type, label, element } = placed;
  const key = valueKey(type);
  const value = given[key];
  const wrong = (what: string): NotOnScreen => new NotOnScreen(`"${label}" ${what}`);
  if (given.type !== type || value === undefined) {
    throw wrong(`takes a value {"type": "${type}", "${key}": …}; got ${JSON.stringify(given)}`);
  }

  // An external select's options came from the app, which looks at them again itself.
  const option = (chosen: Json): Json => {
    if (type.endsWith("external_select") && isObject(chosen)) return chosen;
    const offered = optionsOf(element).find((one) => isObject(chosen) && one.value === chosen.value);
    if (offered === undefined) throw wrong(`does not offer ${JSON.stringify(chosen)}`);
    return offered;
  };
  const user = (id: Json): Json => {
    if (workspace.user(textOf(id)) === undefined) throw wrong(`offers people; got ${JSON.stringify(id)}`);
    return id;
  };
  const channel = (id: Json): Json => {
    const found = workspace.channel(textOf(id));
    if (found === undefined || !canSee(me, found)) {
      throw wrong(`offers channels you see; got ${JSON.stringify(id)}`);
    }
    return id;
  };
  const check: Readonly<Record<string, (one: Json) => Json>> = {
    selected_option: option,
    selected_options: option,
    selected_user: user,
    selected_users: user,
    selected_channel: channel,
    selected_channels: channel,
    selected_conversation: channel,
    selected_conversations: channel,
  };

  const checked = check[key];
  if (checked === undefined) return { type, [key]: value === "" ? null : value };
  if (!key.endsWith("s")) return { type, [key]: value === null ? null : checked(value) };
  if (!Array.isArray(value)) throw wrong(`takes a list; got ${JSON.stringify(value)}`);
  const items: readonly Json[] = value;
  return { type, [key]: items.map(checked) };
}
