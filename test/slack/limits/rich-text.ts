import {
  boolean,
  byType,
  type Check,
  characters,
  isObject,
  list,
  object,
  oneOf,
  required,
  wholeNumber,
} from "./check.ts";
import { url } from "./composition.ts";

const most = 100_000;
const id = required(characters(1, 255));
const style = object({
  bold: boolean(),
  italic: boolean(),
  strike: boolean(),
  underline: boolean(),
  code: boolean(),
});
const said = characters(1, most);

const spans = {
  text: object({ text: required(said), style }),
  link: object({ url: required(url), text: said, style }),
  user: object({ user_id: id, style }),
  usergroup: object({ usergroup_id: id, style }),
  channel: object({ channel_id: id, style }),
  team: object({ team_id: id, style }),
  emoji: object({ name: id, style }),
  color: object({ value: id }),
  broadcast: object({ range: required(oneOf("here", "channel", "everyone")), style }),
  date: object({
    timestamp: required(wholeNumber(0, 9_999_999_999)),
    format: required(characters(1, 255)),
    url,
    fallback: characters(1, 255),
  }),
};

const verbatim = { text: spans.text, link: spans.link };
const section = required(list(0, most, byType(spans)));
const paragraph = object({ elements: section });
const border = wholeNumber(0, 1);

const itemsAreSections: Check = (value, at) =>
  isObject(value) && value["type"] !== "rich_text_section"
    ? [`${at}.type: ${JSON.stringify(value["type"])}, Slack allows rich_text_section`]
    : paragraph(value, at);

/** A `rich_text` block's own elements, by `type`. Slack publishes no limit but the one on all blocks of a message. */
export const richTextParts = {
  rich_text_section: paragraph,
  rich_text_quote: object({ elements: section, border }),
  rich_text_preformatted: object({ elements: required(list(0, most, byType(verbatim))), border }),
  rich_text_list: object({
    elements: required(list(1, most, itemsAreSections)),
    style: required(oneOf("bullet", "ordered")),
    indent: wholeNumber(0, 8),
    offset: wholeNumber(0, most),
    border,
  }),
} as const satisfies Readonly<Record<string, Check>>;
