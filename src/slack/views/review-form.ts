import type { ModalView, PlainTextOption } from "@slack/types";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { inputActionId } from "./request-form.ts";

export const reviewFormId = "review_break_glass";
export const reviewVerdictBlockId = "review_verdict";
export const reviewNoteBlockId = "review_note";

const options: PlainTextOption[] = [
  { text: { type: "plain_text", text: "It was justified" }, value: "accept" },
  { text: { type: "plain_text", text: "It was not justified" }, value: "object" },
];

/** The form that asks what a reviewer found, which the requester and auditors read. */
export function reviewForm(request: Pick<AccessRequest, "id" | "number">): ModalView {
  return {
    type: "modal",
    callback_id: reviewFormId,
    private_metadata: request.id,
    title: { type: "plain_text", text: `Review ${requestName(request)}` },
    submit: { type: "plain_text", text: "Record" },
    close: { type: "plain_text", text: "Back" },
    blocks: [
      {
        type: "input",
        block_id: reviewVerdictBlockId,
        label: { type: "plain_text", text: "Break-glass" },
        element: { type: "radio_buttons", action_id: inputActionId, options },
      },
      {
        type: "input",
        block_id: reviewNoteBlockId,
        label: { type: "plain_text", text: "What you found" },
        hint: { type: "plain_text", text: "The person who took the access is told this." },
        element: { type: "plain_text_input", action_id: inputActionId, multiline: true, max_length: 1000 },
      },
    ],
  };
}
