import type { EventData } from "../domain/audit-event.ts";
import type { FamilyWords } from "./told.ts";

/** Policies come into force. The alerts channel is told of those after the first. */
export const policyWords = {
  "policy.loaded": {
    record: ({ data }) => `the policy ${data.hash.slice(0, 8)} is in force (${data.via})`,
    alerts: ({ data: { hash, before } }) =>
      `A new policy is in force: ${short(hash)}${before === undefined ? "" : `, before it ${short(before)}`}.`,
  },
  "policy.refused": {
    record: ({ data }) => `a policy was refused (${data.via}); ${data.inForce.slice(0, 8)} stays in force`,
    alerts: ({ data }) =>
      [
        `The policy on disk is not valid and was not loaded; ${short(data.inForce)} stays in force:`,
        ...faultLines(data),
      ].join("\n"),
  },
} satisfies FamilyWords<"policy">;

/** How many faults a message lists. */
const mostFaults = 10;

function faultLines({ faults }: EventData<"policy.refused">): readonly string[] {
  const more = faults.length - mostFaults;
  return [...faults.slice(0, mostFaults), ...(more > 0 ? [`... and ${more} more`] : [])];
}

/** Enough of a hash to find the policy by. */
function short(hash: string): string {
  return hash.slice(0, 12);
}
