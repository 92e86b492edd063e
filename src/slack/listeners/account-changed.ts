import type { IdentityDeps, RecordDeps } from "../../access/deps.ts";
import { offboard } from "../../access/offboard.ts";
import { standingOfAccount } from "../identify.ts";
import type { SlackDeps } from "../deps.ts";
import type { SlackAccount } from "../directory.ts";

/**
 * Slack told that the account of somebody we know changed, perhaps late: what it is like now is asked. Who may do nothing any more loses
 * what they have; who shows another address is known by it from now on.
 */
export async function onAccountChanged(
  deps: RecordDeps & IdentityDeps & Pick<SlackDeps, "workspace">,
  account: SlackAccount,
): Promise<void> {
  const told = standingOfAccount(deps.workspace, account);
  if (told.is === "unknown" || (await deps.people.find(account.id)) === undefined) return;
  const now = await deps.lookUp(account.id);
  if (now.is === "gone") await offboard(deps, account.id);
  if (now.is === "here") await deps.people.resolve(now.caller);
}
