import type { Button, KnownBlock } from "@slack/types";
import type { Action, Message, Section } from "../../notify/message.ts";
import { shorten } from "../../domain/text.ts";
import { bold, plainText } from "../../words/piece.ts";
import { escapeMrkdwn, lines, quote, richText } from "./rich-text.ts";

/** A message as Slack takes it. `text` stands for it in notifications, where people are named by their addresses. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly KnownBlock[] };

/** A neutral message as Slack shows it. */
export function slackMessage({ title, summary, sections, actions, footnote }: Message): SlackMessage {
  return {
    text: escapeMrkdwn(plainText(summary)),
    blocks: [
      ...(title === undefined ? [] : [heading(title)]),
      ...sections.map(sectionBlock),
      ...(actions.length === 0 ? [] : [buttons(actions)]),
      ...(footnote === undefined ? [] : [smallPrint(footnote)]),
    ],
  };
}

function heading(title: string): KnownBlock {
  return { type: "header", text: { type: "plain_text", emoji: true, text: title } };
}

function sectionBlock({ facts = [], lines: rows = [], quote: said }: Section): KnownBlock {
  const shown = [...facts.map(({ label, value }) => [bold(`${label}: `), ...value]), ...rows];
  return richText(
    shown.length === 0 ? undefined : lines(shown),
    said === undefined ? undefined : quote(said),
  );
}

function smallPrint(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "plain_text", emoji: false, text: shorten(text, 2000) }] };
}

function buttons(actions: readonly Action[]): KnownBlock {
  return { type: "actions", block_id: "actions", elements: actions.map(button) };
}

/** Its action id is what it does, its value the id and nothing else. */
function button({ kind, id, label, style, confirm }: Action): Button {
  return {
    type: "button",
    action_id: kind,
    text: { type: "plain_text", text: label },
    value: id,
    ...(style && { style }),
    ...(confirm && {
      confirm: {
        title: { type: "plain_text", text: confirm.title },
        text: { type: "plain_text", text: confirm.text },
        confirm: { type: "plain_text", text: confirm.yes },
        deny: { type: "plain_text", text: confirm.no },
        style: "danger",
      },
    }),
  };
}
