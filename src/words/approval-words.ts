import type { EventData } from "../domain/audit-event.ts";
import type { DiscountReason } from "../domain/request/request.ts";
import { mention, nameList, nameOf } from "./people.ts";
import { under } from "./request-words.ts";
import type { FamilyWords } from "./told.ts";

/** Approvals, and attempts to decide. */
export const approvalWords = {
  "approval.given": {
    record: ({ actor, data }) =>
      `approved by ${nameOf(actor)} (${wordStep(data)})${under(data.policyVersion)}`,
    thread: ({ actor, data }) => ({
      line: [
        "✅ Approved by ",
        mention(actor),
        ` (${wordStep(data)}).`,
        ...(data.asks === undefined ? [] : [" The next step waits for"]),
      ],
    }),
    requester: ({ actor, data }) => ({ line: ["approved by ", mention(actor), ` (${wordStep(data)}).`] }),
  },
  "approval.flagged": {
    record: ({ data }) =>
      `unusual about the approval by ${data.approver}: ${nameList(data.flags.map(({ why }) => why))}`,
  },
  "approval.discounted": {
    record: ({ data }) => `the approval by ${data.approver} ${discounted(data)}`,
    thread: ({ data }) => ({
      line: ["↩️ The approval by ", { email: data.approver }, ` ${discounted(data)}.`],
    }),
    requester: ({ data }) => ({
      line: ["the approval by ", { email: data.approver }, ` ${discounted(data)}.`],
    }),
  },
  "decision.refused": {
    record: ({ actor, data }) => `${nameOf(actor)} tried to ${data.attempted} but was refused: ${data.why}`,
  },
} satisfies FamilyWords<"approval" | "decision">;

/** `1 of 2`, with the step if there are several. */
function wordStep({ have, needed, step, steps }: EventData<"approval.given">): string {
  const place = step === undefined || steps === undefined ? "" : `, step ${step} of ${steps}`;
  return `${have} of ${needed}${place}`;
}

function discounted({ why }: EventData<"approval.discounted">): string {
  return `does not count any more: ${discountWords[why]}`;
}

const discountWords: Readonly<Record<DiscountReason, string>> = {
  lockdown: "they are locked down",
  offboarded: "they have left",
  own: "they turned out to be the person who asked",
};
