import type { IdentityDeps, RecordDeps } from "../../access/deps.ts";
import { offboard } from "../../access/lockdown/offboard.ts";
import { statusOfAccount } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";
import type { SlackAccount } from "../directory/directory.ts";

/**
 * Handles a `user_change` event about somebody we know. It may be late, so the account is looked up again. A person who
 * may no longer act loses what they have; a new address is linked to the person.
 */
export async function onAccountChanged(
  deps: RecordDeps & IdentityDeps & Pick<SlackDeps, "workspace">,
  account: SlackAccount,
): Promise<void> {
  const told = statusOfAccount(deps.workspace, account);
  if (told.is === "unknown" || (await deps.people.find(account.id)) === undefined) return;
  const now = await deps.lookUp(account.id);
  if (now.is === "gone") await offboard(deps, account.id);
  if (now.is === "here") await deps.people.resolve(now.caller);
}
