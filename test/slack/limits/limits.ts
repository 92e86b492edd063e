import { blockList } from "./blocks.ts";
import {
  between,
  boolean,
  byType,
  type Check,
  characters,
  isObject,
  list,
  object,
  objectsIn,
  required,
} from "./check.ts";
import { eitherOptionsOrGroups, offered, plainText } from "./composition.ts";

/** Not documented: `msg_blocks_too_long` (https://github.com/slackapi/bolt-js/issues/2509). */
const mostBlocksJson = 13_200;
const mostViewBytes = 250_000;

/**
 * What Slack would refuse, cut or show wrongly in a message, be it posted, updated or an answer; each fault names the
 * place, the value and the limit. Slack's limits: https://docs.slack.dev/reference/block-kit/blocks and, for the text,
 * https://docs.slack.dev/reference/methods/chat.update, where the limit is a tenth of chat.postMessage's.
 */
export function messageFaults(sent: unknown): readonly string[] {
  return message(sent, "");
}

/** The same of a modal or a Home tab: https://docs.slack.dev/reference/views */
export function viewFaults(sent: unknown): readonly string[] {
  return view(sent, "");
}

/** The same of an answer to what was typed into an external select. */
export function optionsFaults(sent: unknown): readonly string[] {
  return suggestions(sent, "");
}

const blocksJson: Check = (value, at) => {
  const size = value === undefined ? 0 : JSON.stringify(value).length;
  return between(size, 0, mostBlocksJson, "characters of JSON", at);
};

/** Notifications and screen readers get the text only. */
const textBesideBlocks: Check = (value) => {
  if (!isObject(value)) return [];
  const { text, markdown_text: markdown, blocks } = value;
  const says = typeof text === "string" && text.trim() !== "";
  if (markdown === undefined) {
    return says ? [] : ["text: missing or blank, Slack shows it in notifications"];
  }
  return text === undefined && blocks === undefined
    ? []
    : ["markdown_text: beside text or blocks, Slack allows it alone"];
};

const message = object(
  {
    text: characters(0, 4_000),
    markdown_text: characters(1, 12_000),
    blocks: (value, at) => [...blockList(0, 50)(value, at), ...blocksJson(value, at)],
    attachments: list(0, 100, object({ blocks: blockList(0, 50) })),
  },
  textBesideBlocks,
);

const bytes: Check = (value) =>
  between(Buffer.byteLength(JSON.stringify(value)), 0, mostViewBytes, "bytes", "view");

const submitForInputs: Check = (value) =>
  isObject(value) &&
  value["submit"] === undefined &&
  objectsIn(value["blocks"]).some(({ type }) => type === "input")
    ? ["submit: missing, Slack wants it where there are inputs"]
    : [];

const anyView = {
  blocks: required(blockList(0, 100)),
  private_metadata: characters(0, 3_000),
  callback_id: characters(0, 255),
  external_id: characters(0, 255),
};

const view = byType({
  modal: object(
    {
      ...anyView,
      title: required(plainText(24)),
      submit: plainText(24),
      close: plainText(24),
      clear_on_close: boolean(),
      notify_on_close: boolean(),
      submit_disabled: boolean(),
    },
    submitForInputs,
    bytes,
  ),
  home: object(anyView, bytes),
});

const suggestions = object(offered(0), eitherOptionsOrGroups);
