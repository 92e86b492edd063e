import type { WebClient } from "@slack/web-api";
import { storable } from "../domain/text.ts";
import { normalEmail } from "../policy/principal.ts";
import { codeOf } from "./slack-errors.ts";
import { createChannelList } from "./channel-list.ts";

/** What Slack says of an account; whether it may act is decided in authority.ts. */
export type SlackAccount = {
  readonly id: string;
  /** The home workspace; absent for some accounts of an Enterprise Grid organisation. */
  readonly teamId: string | undefined;
  readonly enterpriseId: string | undefined;
  /** The organisation's workspaces the account is a member of; none outside Enterprise Grid. */
  readonly workspaceIds: readonly string[];
  readonly name: string;
  /** Lower case. Absent for strangers, and where Slack does not show it. */
  readonly email: string | undefined;
  readonly isEmailConfirmed: boolean;
  readonly isDeactivated: boolean;
  readonly isBot: boolean;
  readonly isGuest: boolean;
  readonly isStranger: boolean;
};

export type SlackChannel = {
  readonly id: string;
  readonly isArchived: boolean;
  readonly isShared: boolean;
  /** Which channel it is was asked just now. */
  readonly isFresh: boolean;
};

export type Directory = {
  /** The account, at most a minute old; `undefined` when Slack knows none. Throws when Slack cannot be asked. */
  account(id: string): Promise<SlackAccount | undefined>;
  /** The same, asked now. */
  accountNow(id: string): Promise<SlackAccount | undefined>;
  /** The account if it was looked up within the last minute, without asking. */
  remembered(id: string): SlackAccount | undefined;
  /** The account with this e-mail address; `undefined` when there is none. Throws when Slack cannot be asked. */
  accountByEmail(email: string): Promise<SlackAccount | undefined>;
  /** The Slack id of the account with this e-mail address; `undefined` when there is none or Slack cannot be asked. */
  idByEmail(email: string): Promise<string | undefined>;
  /**
   * A channel by its id or `#name`, as it was a few seconds ago at most; `undefined` when the bot cannot see one. Throws when Slack
   * cannot be asked.
   */
  channel(idOrName: string): Promise<SlackChannel | undefined>;
  /** A channel is not as it was remembered. */
  forgetChannel(idOrName: string): void;
  /** The direct messages with a person, by the id of their conversation. Throws when Slack cannot be asked. */
  directMessages(slackId: string): Promise<string>;
  /** A person's conversation is not as it was remembered. */
  forgetDirectMessages(slackId: string): void;
  /** Slack told that an account changed. */
  forget(id: string): void;
};

const accountTtlMs = 60_000;
const idTtlMs = 10 * 60_000;
/** Which channel has a name is looked up page by page; that it still has it is seen whenever its state is. */
const channelIdTtlMs = 24 * 60 * 60_000;
/**
 * How long it is believed that a channel is not shared: whoever shares it shows another company what is posted from then on. One call
 * each so many seconds and channel stays far below what Slack takes (https://docs.slack.dev/apis/web-api/rate-limits).
 */
const channelStateTtlMs = 5_000;
const maxRemembered = 10_000;

/** Who and what is in the workspace, asked of Slack and remembered for a short time. */
export function createDirectory(client: WebClient, now: () => number = () => performance.now()): Directory {
  const accounts = createMemory<SlackAccount>(accountTtlMs, now);
  const idsByEmail = createMemory<string>(idTtlMs, now);
  const channelIds = createMemory<string>(channelIdTtlMs, now);
  const channelList = createChannelList(client, now);
  const channelStates = createMemory<ChannelState>(channelStateTtlMs, now);
  const asking = new Map<string, Promise<ChannelState | undefined>>();
  let changesTold = 0;
  /** By account, which of them told of it last. */
  const toldOf = new Map<string, number>();
  const conversations = createMemory<string>(idTtlMs, now);

  async function askState(id: string): Promise<ChannelState | undefined> {
    const found = await whenKnown("channel_not_found", () => client.conversations.info({ channel: id }));
    if (found && found.channel?.id !== id) throw new Error("Slack did not say what became of a channel");
    return found && stateOf(found.channel);
  }

  /** Those who ask at the same moment have one answer. What Slack told of the channel meanwhile is newer than that. */
  async function readState(id: string): Promise<ChannelState | undefined> {
    const known = channelStates.get(id);
    if (known) return known;
    const asked = asking.get(id) ?? askState(id);
    asking.set(id, asked);
    try {
      const state = await asked;
      if (state && asking.get(id) === asked) channelStates.set(id, state);
      return state;
    } finally {
      if (asking.get(id) === asked) asking.delete(id);
    }
  }

  /** By Slack's list of channels, which may be minutes old: where it is wrong by now, it is read again once. */
  async function findByName(name: string): Promise<ChannelState | undefined> {
    let found: ChannelState | undefined;
    for (let look = 0; look < 2; look += 1) {
      const id = await channelList.find(name);
      if (id === undefined) return found;
      // One that took nothing a moment ago may be mended by now.
      channelStates.delete(id);
      const state = await readState(id);
      if (state?.name === name) found = state;
      if (found && takesMessages(found)) return found;
      channelList.forget(name);
    }
    return found;
  }

  /** What was asked before Slack told that the account changed is neither believed nor remembered. */
  async function askAccount(id: string): Promise<SlackAccount | undefined> {
    for (;;) {
      const told = changesTold;
      const found = await whenKnown("user_not_found", () => client.users.info({ user: id }));
      if ((toldOf.get(id) ?? 0) > told) continue;
      if (!found?.user) {
        accounts.delete(id);
        return undefined;
      }
      const account = toAccount({ ...found.user, id });
      accounts.set(id, account);
      return account;
    }
  }

  return {
    account: async (id) => accounts.get(id) ?? askAccount(id),
    accountNow: askAccount,
    remembered: (id) => accounts.get(id),
    async accountByEmail(email) {
      const found = await whenKnown("users_not_found", () => client.users.lookupByEmail({ email }));
      return found?.user?.id === undefined ? undefined : toAccount({ ...found.user, id: found.user.id });
    },
    async idByEmail(email) {
      const known = idsByEmail.get(email);
      if (known !== undefined) return known;
      try {
        const id = (await client.users.lookupByEmail({ email })).user?.id;
        if (id !== undefined) idsByEmail.set(email, id);
        return id;
      } catch {
        // A name in a message is a convenience; the e-mail address stands in for it.
        return undefined;
      }
    },
    async channel(idOrName) {
      if (!idOrName.startsWith("#")) {
        const known = await readState(idOrName);
        return known && { ...known, isFresh: true };
      }
      const name = idOrName.slice(1);
      const id = channelIds.get(idOrName);
      const known = id === undefined ? undefined : await readState(id);
      if (known && takesMessages(known) && known.name === name) return { ...known, isFresh: false };
      // Another may have its name by now.
      const found = await findByName(name);
      // One that takes nothing may be mended at any time.
      if (found && takesMessages(found)) channelIds.set(idOrName, found.id);
      else channelIds.delete(idOrName);
      return found && { ...found, isFresh: true };
    },
    forgetChannel(idOrName) {
      const id = channelIds.get(idOrName) ?? idOrName;
      channelIds.delete(idOrName);
      channelStates.delete(id);
      asking.delete(id);
    },
    async directMessages(slackId) {
      const known = conversations.get(slackId);
      if (known !== undefined) return known;
      const { channel } = await client.conversations.open({ users: slackId });
      if (channel?.id === undefined) throw new Error("Slack opened no direct message");
      conversations.set(slackId, channel.id);
      return channel.id;
    },
    forgetDirectMessages: (slackId) => conversations.delete(slackId),
    forget(id) {
      changesTold += 1;
      if (toldOf.size >= maxRemembered) toldOf.clear();
      toldOf.set(id, changesTold);
      accounts.delete(id);
    },
  };
}

type ChannelState = Omit<SlackChannel, "isFresh"> & { readonly name: string | undefined };

function takesMessages({ isArchived, isShared }: ChannelState): boolean {
  return !isArchived && !isShared;
}

/** Throws where Slack does not say which channel it speaks of. What is not plainly ours is shared. */
function stateOf(channel: ListedChannel | undefined): ChannelState {
  if (channel?.id === undefined) throw new Error("Slack did not say what became of a channel");
  const isNo = (value: unknown): boolean => value === undefined || value === null || value === false;
  return {
    id: channel.id,
    name: channel.name,
    isArchived: channel.is_archived === true,
    isShared: !isNo(channel.is_ext_shared) || !isNo(channel.is_pending_ext_shared),
  };
}

type ListedChannel = {
  readonly id?: string;
  readonly name?: string;
  readonly is_archived?: boolean;
  readonly is_ext_shared?: unknown;
  readonly is_pending_ext_shared?: unknown;
};

/** What `users.info`, `users.list` and the event `user_change` have in common. */
export type SlackUser = {
  readonly id: string;
  readonly team_id?: string;
  readonly enterprise_user?: { readonly enterprise_id?: string; readonly teams?: readonly string[] };
  readonly name?: string;
  readonly real_name?: string;
  readonly profile?: { readonly real_name?: string; readonly email?: string };
  readonly is_email_confirmed?: boolean;
  readonly deleted?: boolean;
  readonly is_bot?: boolean;
  readonly is_workflow_bot?: boolean;
  readonly is_connector_bot?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
  /** Seconds since 1970. */
  readonly updated?: number;
};

/** An account as Slack shows it. */
export function toAccount(user: SlackUser): SlackAccount {
  return {
    id: user.id,
    teamId: user.team_id,
    enterpriseId: user.enterprise_user?.enterprise_id,
    workspaceIds: user.enterprise_user?.teams ?? [],
    name: storable(user.profile?.real_name ?? user.real_name ?? user.name ?? ""),
    email: user.profile?.email === undefined ? undefined : normalEmail(user.profile.email.trim()),
    isEmailConfirmed: user.is_email_confirmed !== false,
    isDeactivated: user.deleted === true,
    isBot: user.is_bot === true || user.is_workflow_bot === true || user.is_connector_bot === true,
    isGuest: user.is_restricted === true || user.is_ultra_restricted === true,
    isStranger: user.is_stranger === true,
  };
}

/** `undefined` where Slack answers with this error; any other failure is the caller's to hear. */
async function whenKnown<T>(absent: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (codeOf(error) === absent) return undefined;
    throw error;
  }
}

function createMemory<T>(
  ttlMs: number,
  now: () => number,
): {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
} {
  const entries = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      return entry && entry.until > now() ? entry.value : undefined;
    },
    set(key, value) {
      if (entries.size >= maxRemembered) entries.clear();
      entries.set(key, { value, until: now() + ttlMs });
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
