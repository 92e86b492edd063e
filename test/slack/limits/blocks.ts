import {
  boolean,
  byType,
  type Check,
  characters,
  exactlyOneOf,
  isObject,
  list,
  object,
  objectsIn,
  required,
  unique,
} from "./check.ts";
import { anyText, plainText, url } from "./composition.ts";
import { besideSection, inActions, inInput } from "./elements.ts";
import { richTextParts } from "./rich-text.ts";

const any = { block_id: characters(1, 255) };
const image = {
  alt_text: required(characters(1, 2000)),
  image_url: url,
};
const imageSource = exactlyOneOf("image_url", "slack_file");
const imageElement = { image: object(image, imageSource) };
const raw = object({ text: required(characters(1, 3000)) });
const richText = object({
  ...any,
  elements: required(list(1, 10_000, byType(richTextParts))),
});

const saysSomething: Check = (value, at) =>
  isObject(value) && value["text"] === undefined && value["fields"] === undefined
    ? [`${at}: neither text nor fields, Slack wants one of them`]
    : [];

/** By `type`: what Slack allows of a block. */
const blocks = {
  actions: object({ ...any, elements: required(list(1, 25, byType(inActions), unique("action_id"))) }),
  context: object({
    ...any,
    elements: required(
      list(1, 10, byType({ ...imageElement, plain_text: anyText(3000), mrkdwn: anyText(3000) })),
    ),
  }),
  divider: object(any),
  header: object({ ...any, text: required(plainText(150)) }),
  image: object({ ...any, ...image, title: plainText(2000) }, imageSource),
  input: object({
    ...any,
    label: required(plainText(2000)),
    element: required(byType(inInput)),
    hint: plainText(2000),
    optional: boolean(),
    dispatch_action: boolean(),
  }),
  markdown: object({ ...any, text: required(characters(1, 12_000)) }),
  rich_text: richText,
  section: object(
    {
      ...any,
      text: anyText(3000),
      fields: list(1, 10, anyText(2000)),
      accessory: byType({ ...besideSection, ...imageElement }),
      expand: boolean(),
    },
    saysSomething,
  ),
  table: object({
    ...any,
    rows: required(list(1, 100, list(1, 20, byType({ raw_text: raw, rich_text: richText })))),
    column_settings: list(1, 20, object({})),
  }),
} as const satisfies Readonly<Record<string, Check>>;

/** A message's or view's blocks: at most `most`, none with another's block_id, 12,000 characters of Markdown in all. */
export function blockList(least: number, most: number): Check {
  return list(least, most, byType(blocks), unique("block_id"), markdownInAll);
}

const markdownInAll: Check = (value, at) => {
  const texts = objectsIn(value).filter(({ type }) => type === "markdown");
  const sum = texts.reduce((total, { text }) => total + (typeof text === "string" ? text.length : 0), 0);
  return texts.length > 1 && sum > 12_000
    ? [`${at}: ${sum} characters of Markdown in all, Slack allows 12000`]
    : [];
};
