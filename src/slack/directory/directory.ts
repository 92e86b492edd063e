import type { WebClient } from "@slack/web-api";
import { storable } from "../../domain/text.ts";
import { normalEmail } from "../../policy/principal.ts";
import { codeOf } from "../client/errors.ts";
import { createChannelList } from "./channel-list.ts";

/** What Slack says about an account; identify.ts decides whether it may act. */
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
  /** The channel was looked up just now, not taken from the cached name. */
  readonly isFresh: boolean;
};

export type Directory = {
  /** The account, at most a minute old; `undefined` when Slack knows none. Throws when Slack cannot be asked. */
  account(id: string): Promise<SlackAccount | undefined>;
  /** The same, bypassing the cache. */
  accountNow(id: string): Promise<SlackAccount | undefined>;
  /** The account if it was looked up within the last minute, without asking. */
  remembered(id: string): SlackAccount | undefined;
  /** The account with this e-mail address; `undefined` when there is none. Throws when Slack cannot be asked. */
  accountByEmail(email: string): Promise<SlackAccount | undefined>;
  /** The Slack id of the account with this e-mail address; `undefined` when there is none or Slack cannot be asked. */
  idByEmail(email: string): Promise<string | undefined>;
  /**
   * A channel by its id or `#name`, at most a few seconds old; `undefined` when the bot cannot see one. Throws when
   * Slack cannot be asked.
   */
  channel(idOrName: string): Promise<SlackChannel | undefined>;
  /** Invalidates what is cached about a channel. */
  forgetChannel(idOrName: string): void;
  /** The id of the direct message conversation with a person. Throws when Slack cannot be asked. */
  directMessages(slackId: string): Promise<string>;
  /** Invalidates a person's cached conversation. */
  forgetDirectMessages(slackId: string): void;
  /** Invalidates a cached account, because Slack reported a change. */
  forget(id: string): void;
};

const accountTtlMs = 60_000;
const idTtlMs = 10 * 60_000;
/** Cached for long, because finding a channel by name takes many pages; each check of its state also verifies the name. */
const channelIdTtlMs = 24 * 60 * 60_000;
/**
 * How long a channel is trusted not to be shared: from the moment it is, another company sees what is posted. One call
 * per channel in this time stays far below Slack's rate limit (https://docs.slack.dev/apis/web-api/rate-limits).
 */
const channelStateTtlMs = 5_000;
const maxRemembered = 10_000;

/** Looks up the workspace's accounts and channels in Slack, with a short-lived cache. */
export function createDirectory(client: WebClient, now: () => number = () => performance.now()): Directory {
  const accounts = createCache<SlackAccount>(accountTtlMs, now);
  const idsByEmail = createCache<string>(idTtlMs, now);
  const channelIds = createCache<string>(channelIdTtlMs, now);
  const channelList = createChannelList(client, now);
  const channelStates = createCache<ChannelState>(channelStateTtlMs, now);
  const asking = new Map<string, Promise<ChannelState | undefined>>();
  let changesTold = 0;
  /** By account id, the value of `changesTold` at its last change. */
  const toldOf = new Map<string, number>();
  const conversations = createCache<string>(idTtlMs, now);

  async function askState(id: string): Promise<ChannelState | undefined> {
    const found = await whenKnown("channel_not_found", () => client.conversations.info({ channel: id }));
    if (found && found.channel?.id !== id) throw new Error("Slack did not say what became of a channel");
    return found && stateOf(found.channel);
  }

  /** Concurrent callers share one call. If the channel was invalidated meanwhile, the answer is outdated and not cached. */
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

  /** Finds a channel by name in Slack's list, which may be minutes old; if the entry is wrong by now, looks once more. */
  async function findByName(name: string): Promise<ChannelState | undefined> {
    let found: ChannelState | undefined;
    for (let look = 0; look < 2; look += 1) {
      const id = await channelList.find(name);
      if (id === undefined) return found;
      // Check again: a channel that took no messages a moment ago may be fixed by now.
      channelStates.delete(id);
      const state = await readState(id);
      if (state?.name === name) found = state;
      if (found && takesMessages(found)) return found;
      channelList.forget(name);
    }
    return found;
  }

  /** Asks again if Slack reported a change during the call: an answer from before the change is neither used nor cached. */
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
        // A mention is a convenience; the message shows the e-mail address instead.
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
      // Another channel may have the name by now.
      const found = await findByName(name);
      // A channel that takes no messages is not cached, because it may be fixed at any time.
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

/** Throws if Slack does not say which channel the answer is about. A channel that is not clearly ours counts as shared. */
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

/** The fields that `users.info`, `users.list` and the event `user_change` have in common. */
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

/** Converts a user as Slack sends it to an account. */
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

/** `undefined` if Slack answers with the error `absent`; throws any other error. */
async function whenKnown<T>(absent: string, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (codeOf(error) === absent) return undefined;
    throw error;
  }
}

function createCache<T>(
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
