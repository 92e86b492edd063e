import { offboard } from "../../access/offboard.ts";
import { standingOfAccount } from "../authority.ts";
import type { SlackDeps } from "../deps.ts";
import type { SlackAccount } from "../directory.ts";

/**
 * Slack told what an account is like. Who may do nothing any more loses what they have, if Slack says the same when it is asked: an
 * event may be late. Somebody we know who shows another address is known by it from now on.
 */
export async function onAccountChanged(deps: SlackDeps, account: SlackAccount): Promise<void> {
  const standing = standingOfAccount(deps.workspace, account);
  switch (standing.is) {
    case "gone":
      if ((await deps.lookUp(account.id)).is === "gone") await offboard(deps, account.id);
      return;
    case "here":
      if ((await deps.people.find(account.id)) !== undefined) await deps.people.resolve(standing.caller);
      return;
    case "unknown":
  }
}
