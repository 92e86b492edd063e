import { isObject, type Json } from "../../../slack-simulator/json.ts";
import { textObject } from "../../../slack-simulator/visible-text.ts";
import { emoji } from "./emoji.ts";

/** A plain text object as a string, its emoji drawn, for where no markup can stand: names, placeholders, options. */
export function plainText(of: Json): string {
  const text = textObject(of);
  if (isObject(of) && of.emoji === false) return text;
  return text.replace(/:([a-z0-9_+'-]{1,80}):(?::skin-tone-[2-6]:)?/g, (written, name: string) => {
    return emoji(name) ?? written;
  });
}
