import type { CommandOf } from "../domain/command.ts";
import type { RevokeReason } from "../domain/grant/grant.ts";

const words: Readonly<Record<RevokeReason | CommandOf<"abandon">["reason"], string>> = {
  expired: "its time was over",
  returned: "given back",
  withdrawn: "withdrawn",
  idle: "it was not used",
  lockdown: "lockdown",
  offboarded: "the person has left",
  drift: "it was there again after its end",
  failed: "granting had failed",
  policy_changed: "the policy has changed since it was asked, and would grant something else now",
};
const wordsByReason: ReadonlyMap<string, string> = new Map(Object.entries(words));

/** Why access ended, or a request was closed. */
export function whyEnded(reason: string): string {
  return wordsByReason.get(reason) ?? reason;
}
