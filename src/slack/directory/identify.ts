import type { Caller } from "../../identity/caller.ts";
import type { LookUp, AccountStatus } from "../../identity/account-status.ts";
import type { Directory, SlackAccount } from "./directory.ts";

/** The workspace Hallpass is installed in. */
export type Workspace = { readonly teamId: string; readonly enterpriseId: string | undefined };

/**
 * Who clicked or typed, as Slack delivered it. The teams of a payload are left out: they name the workspace a person is
 * working in, on Enterprise Grid also the organisation or nothing, and a stranger in a shared channel may be working in
 * ours.
 */
export type Clicker = { readonly userId: string };

/** Reads from an interaction's payload who acted. */
export function clickerOf(body: { readonly user: { readonly id: string } }): Clicker {
  return { userId: body.user.id };
}

/** Why an account may not use Hallpass. */
export type Ineligible =
  | "other_workspace"
  | "unknown"
  | "deactivated"
  | "bot"
  | "guest"
  | "stranger"
  | "no_email"
  | "unconfirmed_email"
  | "slack_unreachable";

/** Why an account may not act here, and who can fix it. */
export const ineligibleText: Readonly<Record<Ineligible, string>> = {
  other_workspace:
    "You belong to another workspace; only members of this one and of its organisation can use Hallpass.",
  unknown: "Slack does not know your account, so nothing was done.",
  deactivated: "Your account is deactivated, so nothing was done.",
  bot: "Bots cannot ask for access or decide about it.",
  guest: "Guests cannot ask for access or decide about it. Ask a member of this workspace.",
  stranger: "You belong to another company; only members of this workspace can use Hallpass.",
  no_email:
    "Slack shows no e-mail address for you. A workspace admin has to set one before you can use Hallpass.",
  unconfirmed_email: "Your e-mail address is not confirmed in Slack. Confirm it, then try again.",
  slack_unreachable:
    "Slack could not be asked who you are, so nothing was done. Please try again in a minute.",
};

export type Identity =
  { readonly known: true; readonly person: Caller } | { readonly known: false; readonly why: Ineligible };

/** Identifies the person acting by their account as Slack shows it (at most a minute old); fails closed when in doubt. */
export async function identify(
  directory: Directory,
  workspace: Workspace,
  clicker: Clicker,
): Promise<Identity> {
  let account: SlackAccount | undefined;
  try {
    account = await directory.account(clicker.userId);
  } catch {
    // Fail closed if the account cannot be looked up. The person is told; nothing else changes.
    return { known: false, why: "slack_unreachable" };
  }
  return account ? identifyAccount(workspace, account) : { known: false, why: "unknown" };
}

/** The status of an account that may not act here, with the reason in words for those who wait for it. */
const statuses: Readonly<Record<Ineligible, Exclude<AccountStatus, { is: "here" }>>> = {
  other_workspace: { is: "gone", why: "their Slack account belongs to another workspace" },
  unknown: { is: "gone", why: "Slack does not know their account any more" },
  deactivated: { is: "gone", why: "their Slack account is deactivated" },
  bot: { is: "gone", why: "their Slack account is a bot" },
  guest: { is: "gone", why: "they are a guest in Slack" },
  stranger: { is: "gone", why: "their Slack account belongs to another company" },
  // These pass by themselves or can be fixed, so they must not end anybody's access.
  no_email: { is: "unknown", why: "Slack shows no e-mail address for them" },
  unconfirmed_email: { is: "unknown", why: "their e-mail address is not confirmed in Slack" },
  slack_unreachable: { is: "unknown", why: "Slack could not be asked about them" },
};

/** The status of an account, judged by what Slack shows. */
export function statusOfAccount(workspace: Workspace, account: SlackAccount | undefined): AccountStatus {
  if (!account) return statuses.unknown;
  const identity = identifyAccount(workspace, account);
  return identity.known ? { is: "here", caller: identity.person } : statuses[identity.why];
}

/** Looks up an account's status in Slack, bypassing the cache. `workspace`: ours, once Slack has said which it is. */
export function createLookUp(
  directory: Pick<Directory, "accountNow">,
  workspace: () => Workspace | undefined,
): LookUp {
  return async (account) => {
    const ours = workspace();
    if (!ours) return statuses.slack_unreachable;
    try {
      return statusOfAccount(ours, await directory.accountNow(account));
    } catch {
      // Fail closed: the caller tries again.
      return statuses.slack_unreachable;
    }
  };
}

/** Like `identify`, for an account already looked up. */
export function identifyAccount(workspace: Workspace, account: SlackAccount): Identity {
  const why = doubt(workspace, account);
  if (why) return { known: false, why };
  return { known: true, person: { email: account.email ?? "", name: account.name, account: account.id } };
}

function doubt(workspace: Workspace, account: SlackAccount): Ineligible | undefined {
  if (account.isStranger) return "stranger";
  if (!isOurs(workspace, account)) return "other_workspace";
  if (account.isDeactivated) return "deactivated";
  if (account.isBot) return "bot";
  if (account.isGuest) return "guest";
  if (account.email === undefined || account.email === "") return "no_email";
  if (!account.isEmailConfirmed) return "unconfirmed_email";
  return undefined;
}

/** On Enterprise Grid every member of the organisation is ours: their home may be another workspace, or one that Slack does not show. */
function isOurs({ teamId, enterpriseId }: Workspace, account: SlackAccount): boolean {
  if (account.teamId === teamId || account.workspaceIds.includes(teamId)) return true;
  return enterpriseId !== undefined && account.enterpriseId === enterpriseId;
}
