import type { AuditEvent, EventData } from "../../domain/audit-event.ts";
import type { DiscountReason } from "../../domain/request.ts";
import type { Piece } from "./rich-text.ts";

/** What is said, and what somebody or a provider said, set apart. `undefined`: not worth a message. */
export type Told = { readonly line: readonly Piece[]; readonly said?: string };

/** Who did it. */
export function actor(event: AuditEvent): Piece {
  if (event.actor.kind !== "person") return "Hallpass";
  return { email: event.actor.email ?? "somebody", slackId: event.actor.slackId };
}

/** `1 of 2`, and where there are several steps, in which. */
export function wordStep({ have, needed, step, steps }: EventData<"approval.given">): string {
  const place = step === undefined || steps === undefined ? "" : `, step ${step} of ${steps}`;
  return `${have} of ${needed}${place}`;
}

/** Why an approval does not count any more. */
export const discountWords: Readonly<Record<DiscountReason, string>> = {
  lockdown: "they are locked down",
  offboarded: "they have left",
  own: "they turned out to be the person who asked",
};

/** What would be granted now instead of what was shown, a line each. */
export function changeLines(changes: EventData<"request.cancelled">["changes"] = []): string {
  return changes.map(({ access, shown, today }) => `${access}\nshown: ${shown}\ntoday: ${today}`).join("\n");
}

/** Why access ended. */
export function endWords(reason: string): string {
  const words = new Map([
    ["expired", "its time was over"],
    ["returned", "given back"],
    ["idle", "it was not used"],
    ["withdrawn", "withdrawn"],
    ["offboarded", "the person has left"],
    ["lockdown", "lockdown"],
    ["drift", "it was there again after its end"],
    ["policy_changed", "the policy has changed since it was asked, and would grant something else now"],
  ]);
  return words.get(reason) ?? reason;
}
