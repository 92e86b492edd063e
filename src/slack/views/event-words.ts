import type { AuditEvent, EventData } from "../../domain/audit-event.ts";
import type { DiscountReason } from "../../domain/request/request.ts";
import type { Piece } from "./rich-text.ts";

/** An event in words: `line` is ours, `said` quotes a person or a provider. `undefined` in its place: not worth a message. */
export type Told = { readonly line: readonly Piece[]; readonly said?: string };

/** The person who caused an event, or Hallpass. */
export function actor(event: AuditEvent): Piece {
  if (event.actor.kind !== "person") return "Hallpass";
  return { email: event.actor.email ?? "somebody", slackId: event.actor.slackId };
}

/** `1 of 2`, with the step if there are several. */
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

/** What was shown and what would be granted today instead, for each change. */
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
