import { shorten } from "../../domain/text.ts";
import type { ModalView } from "@slack/types";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";

/** Marks a modal for one person's eyes, so that its content is never logged. */
export const privateViewId = "for_you_alone";

const frame = {
  type: "modal",
  callback_id: privateViewId,
  title: { type: "plain_text", text: "For you alone" },
  close: { type: "plain_text", text: "Close" },
} as const;

/** A modal of plain text only. */
export function handoverNotice(words: string): ModalView {
  return {
    ...frame,
    blocks: [{ type: "section", text: { type: "plain_text", text: shorten(words, 3000) } }],
  };
}

/** A modal with what the access came with, in a block that is copied in one piece. */
export function handoverView(title: string, text: string, request: Pick<AccessRequest, "number">): ModalView {
  return {
    ...frame,
    blocks: [
      {
        type: "section",
        text: { type: "plain_text", text: shorten(`${requestName(request)} comes with ${title}:`, 3000) },
      },
      {
        type: "rich_text",
        elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text }] }],
      },
      {
        type: "context",
        elements: [
          {
            type: "plain_text",
            text: "Copy it now: once this is closed, nobody can see it again. It ends with the access.",
          },
        ],
      },
    ],
  };
}
