import { isObject, objectOf, objectsOf, textOf } from "./json.ts";
import { blockViolations } from "./limits/blocks.ts";
import { anything, array, boolean, broken, object, oneOf, optional, string } from "./limits/check.ts";
import type { Violation } from "./limits/check.ts";
import { groups, options, plainText } from "./limits/elements.ts";

export type { Violation };

/** Characters of JSON beyond which Slack answers `msg_blocks_too_long` (undocumented: slackapi/bolt-js#2509). */
export const MAX_BLOCKS_JSON = 13_200;
export const MAX_VIEW_BYTES = 250_000;
export const MAX_TEXT = 40_000;
export const MAX_UPDATE_TEXT = 4_000;
export const MAX_MARKDOWN_TEXT = 12_000;
export const MAX_ATTACHMENTS = 100;

const shared = {
  type: oneOf("modal", "home"),
  blocks: anything,
  private_metadata: optional(string({ max: 3000 })),
  callback_id: optional(string({ max: 255 })),
  external_id: optional(string({ max: 255 })),
};
const modal = object({
  ...shared,
  title: plainText(24),
  submit: optional(plainText(24)),
  close: optional(plainText(24)),
  clear_on_close: optional(boolean),
  notify_on_close: optional(boolean),
  submit_disabled: optional(boolean),
});
const home = object(shared);

/** Every rule a modal or home view breaks. */
export function viewViolations(view: unknown, type: "modal" | "home"): readonly Violation[] {
  const frame = (type === "modal" ? modal : home)(view, "/view");
  const { type: given, blocks, submit } = objectOf(view);
  const wrongType =
    given === type ? [] : broken("/view/type", `must be "${type}", got ${JSON.stringify(given)}`);
  const asksWithoutSubmit =
    type === "modal" && !isObject(submit) && objectsOf(blocks).some((block) => block.type === "input")
      ? broken("/view", "missing required field: submit (the view has an input block)")
      : [];
  return [...frame, ...wrongType, ...asksWithoutSubmit, ...blockViolations(blocks, type, "/view/blocks")];
}

/** Every rule the blocks of a message and of its attachments break. */
export function messageViolations(message: {
  readonly blocks: unknown;
  readonly attachments: unknown;
}): readonly Violation[] {
  const attached = objectsOf(message.attachments).flatMap((attachment, index) =>
    attachment.blocks === undefined
      ? []
      : blockViolations(attachment.blocks, "message", `/attachments/${index}/blocks`),
  );
  return [...blockViolations(message.blocks ?? [], "message"), ...attached];
}

/** Every rule the answer to a block_suggestion breaks. */
export function suggestionViolations(body: unknown): readonly Violation[] {
  if (!isObject(body)) return broken("", "must be an object with `options` or `option_groups`");
  const check = object({ options: optional(options), option_groups: optional(groups) });
  const either =
    (body.options === undefined) === (body.option_groups === undefined)
      ? broken("", "must have either `options` or `option_groups`")
      : [];
  return [...check(body, ""), ...either];
}

/** Every rule the answer to a view_submission breaks, apart from the view it may carry. */
export function responseActionViolations(body: unknown): readonly Violation[] {
  const check = object({
    response_action: oneOf("errors", "update", "push", "clear"),
    errors: optional(object({})),
    view: optional(anything),
  });
  const { response_action: action, errors, view } = objectOf(body);
  const problems = check({ ...objectOf(body), errors: undefined }, "");
  const needsErrors =
    action === "errors" && (!isObject(errors) || Object.keys(errors).length === 0)
      ? broken("/errors", "must map block ids to messages")
      : array(string({ min: 1 }))(Object.values(objectOf(errors)), "/errors");
  const needsView =
    (action === "update" || action === "push") && !isObject(view)
      ? broken("/view", "must provide a view")
      : [];
  return [...problems, ...needsErrors, ...needsView];
}

/** A violation the way Slack words it in `response_metadata.messages`. */
export function wording(violation: Violation): string {
  return `[ERROR] ${violation.rule} [json-pointer:${violation.pointer}]`;
}

/** True for a string with something to read in it. */
export function hasText(value: unknown): boolean {
  return textOf(value).trim() !== "";
}
