import type { ModalView } from "@slack/types";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { inputActionId } from "./request-form.ts";

export const denyFormId = "deny_request";
export const denyReasonBlockId = "deny_reason";

/** The form that asks for the reason, which the requester and auditors read. */
export function denyForm(request: Pick<AccessRequest, "id" | "number">): ModalView {
  return {
    type: "modal",
    callback_id: denyFormId,
    private_metadata: request.id,
    title: { type: "plain_text", text: `Deny ${requestName(request)}` },
    submit: { type: "plain_text", text: "Deny" },
    close: { type: "plain_text", text: "Back" },
    blocks: [
      {
        type: "input",
        block_id: denyReasonBlockId,
        label: { type: "plain_text", text: "Reason" },
        hint: { type: "plain_text", text: "The person who asked is told this." },
        element: { type: "plain_text_input", action_id: inputActionId, multiline: true, max_length: 1000 },
      },
    ],
  };
}
