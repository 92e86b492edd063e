import type { WorkspaceMemory } from "./memory.ts";
import type {
  Channel,
  FailedInteraction,
  InstalledApp,
  Message,
  OpenView,
  StoredFile,
  Team,
  User,
  Usergroup,
} from "./model.ts";

type Change =
  | { readonly kind: "user"; readonly user: User }
  | { readonly kind: "channel"; readonly channel: Channel }
  | { readonly kind: "usergroup"; readonly usergroup: Usergroup }
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "file"; readonly file: StoredFile }
  | { readonly kind: "modals"; readonly userId: string; readonly stack: readonly OpenView[] }
  | { readonly kind: "home"; readonly userId: string; readonly view: OpenView }
  | { readonly kind: "failed_interaction"; readonly failure: FailedInteraction }
  | { readonly kind: "connection" }
  | { readonly kind: "delivery" }
  | { readonly kind: "problem" }
  | { readonly kind: "call" };

export interface WorkspaceSeed {
  readonly team: Team;
  readonly app: InstalledApp;
  readonly users: readonly User[];
  readonly channels: readonly Channel[];
  readonly usergroups: readonly Usergroup[];
}

/**
 * All that the simulated Slack remembers. Records are immutable and replaced whole, so a listener (a page, a waiting test)
 * may keep what it was given. Every `put` announces one change.
 */
export interface Workspace {
  readonly team: Team;
  readonly app: InstalledApp;
  readonly users: () => readonly User[];
  readonly user: (id: string) => User | undefined;
  readonly channels: () => readonly Channel[];
  readonly channel: (id: string) => Channel | undefined;
  /** By `#name`, `name` or id; direct messages have no name. */
  readonly findChannel: (nameOrId: string) => Channel | undefined;
  readonly usergroups: () => readonly Usergroup[];
  /** All said in a channel and its threads, oldest first, without ephemeral and deleted messages. */
  readonly messages: (channelId: string) => readonly Message[];
  /** What stands in the channel itself: as `messages`, without replies that only show in their thread. */
  readonly timeline: (channelId: string) => readonly Message[];
  /** Also finds ephemeral messages; never deleted ones. */
  readonly message: (channelId: string, ts: string) => Message | undefined;
  /** A message that was deleted; Slack keeps its place, and the thread, only while there are replies. */
  readonly deleted: (channelId: string, ts: string) => { readonly keepsThread: boolean } | undefined;
  /** What only this person sees, oldest first, over all channels. */
  readonly ephemerals: (userId: string) => readonly Message[];
  readonly files: () => readonly StoredFile[];
  readonly file: (id: string) => StoredFile | undefined;
  /** The person's open modals, the one on top last. */
  readonly modals: (userId: string) => readonly OpenView[];
  readonly home: (userId: string) => OpenView | undefined;
  /** The modals and Home tabs of everybody, also of whom Slack knows no more. */
  readonly views: () => readonly OpenView[];
  readonly failedInteractions: () => readonly FailedInteraction[];
  readonly putUser: (user: User) => void;
  /** What they said, and where they were members, stays. */
  readonly removeUser: (id: string) => void;
  readonly putChannel: (channel: Channel) => void;
  /** With all that was said in it. */
  readonly removeChannel: (id: string) => void;
  readonly putUsergroup: (usergroup: Usergroup) => void;
  readonly putMessage: (message: Message) => void;
  readonly putFile: (file: StoredFile) => void;
  readonly putModals: (userId: string, stack: readonly OpenView[]) => void;
  readonly putHome: (userId: string, view: OpenView) => void;
  readonly putFailedInteraction: (failure: FailedInteraction) => void;
  /** Tells the listeners about something kept elsewhere (a delivery, a call). */
  readonly announce: (change: Change) => void;
  /** The direct-message channel of a person and the bot, opened if need be. */
  readonly directMessage: (userId: string) => Channel;
  /** Unique and increasing over the whole workspace, as one channel's are in Slack. */
  readonly nextTs: () => string;
  readonly nextId: (prefix: string) => string;
  readonly now: () => number;
  /** All of it that outlives a restart. */
  readonly memory: () => WorkspaceMemory;
  /** Returns the function that ends the subscription. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
}

/** Whoever is killed saves nothing more: what was given out after the last save is stepped over. */
const unsavedIds = 1_000;

/**
 * Builds the in-memory workspace; `now` gives milliseconds since 1970 and may stand still. What it remembers of an earlier
 * life stands in place of the seed's people and channels.
 */
export function createWorkspace(seed: WorkspaceSeed, now: () => number, memory?: WorkspaceMemory): Workspace {
  const { users: knownUsers, channels: knownChannels, usergroups: knownUsergroups } = memory ?? seed;
  const users = byId(knownUsers);
  const channels = byId(knownChannels);
  const usergroups = byId(knownUsergroups);
  const messages = new Map((memory?.messages ?? []).map((message) => [keyOf(message), message]));
  const files = byId(memory?.files ?? []);
  const modals = new Map<string, readonly OpenView[]>();
  const homes = new Map((memory?.homes ?? []).map((view) => [view.userId, view]));
  const failures: FailedInteraction[] = [];
  const listeners = new Set<(change: Change) => void>();
  let lastMicroseconds = memory?.lastMicroseconds ?? 0;
  let lastId = memory === undefined ? 0 : memory.lastId + unsavedIds;

  function announce(change: Change): void {
    for (const listener of listeners) listener(change);
  }

  function nextId(prefix: string): string {
    lastId += 1;
    return `${prefix}0HP${lastId.toString(36).toUpperCase().padStart(5, "0")}`;
  }

  function nextTs(): string {
    lastMicroseconds = Math.max(Math.trunc(now() * 1000), lastMicroseconds + 1);
    const seconds = Math.trunc(lastMicroseconds / 1_000_000);
    return `${seconds}.${String(lastMicroseconds % 1_000_000).padStart(6, "0")}`;
  }

  function putChannel(channel: Channel): void {
    channels.set(channel.id, channel);
    announce({ kind: "channel", channel });
  }

  function directMessage(userId: string): Channel {
    const members = [userId, seed.app.botUserId];
    const found = [...channels.values()].find(
      (channel) => channel.kind === "im" && channel.members.includes(userId),
    );
    if (found !== undefined) return found;
    const id = nextId("D");
    const channel: Channel = {
      id,
      name: "directmessage",
      kind: "im",
      isArchived: false,
      isExtShared: false,
      members,
      createdAt: now(),
    };
    putChannel(channel);
    return channel;
  }

  const live = (): readonly Message[] => [...messages.values()].filter((message) => !message.deleted);

  const hasReplies = ({ channelId, ts }: Message): boolean =>
    live().some((message) => message.channelId === channelId && message.threadTs === ts && message.ts !== ts);

  const said = (channelId: string): readonly Message[] =>
    live().filter((message) => message.channelId === channelId && message.visibleTo === undefined);

  return {
    team: seed.team,
    app: seed.app,
    users: () => [...users.values()],
    user: (id) => users.get(id),
    channels: () => [...channels.values()],
    channel: (id) => channels.get(id),
    findChannel: (nameOrId) => {
      const name = nameOrId.replace(/^#/, "");
      const named = [...channels.values()].find(
        (channel) => channel.name === name && (channel.kind === "public" || channel.kind === "private"),
      );
      return channels.get(nameOrId) ?? named;
    },
    usergroups: () => [...usergroups.values()],
    messages: said,
    timeline: (channelId) => said(channelId).filter((message) => !isReply(message)),
    message: (channelId, ts) => {
      const message = messages.get(keyOf({ channelId, ts }));
      return message?.deleted === true ? undefined : message;
    },
    deleted: (channelId, ts) => {
      const message = messages.get(keyOf({ channelId, ts }));
      return message?.deleted === true ? { keepsThread: hasReplies(message) } : undefined;
    },
    ephemerals: (userId) => live().filter((message) => message.visibleTo === userId),
    files: () => [...files.values()],
    file: (id) => files.get(id),
    modals: (userId) => modals.get(userId) ?? [],
    home: (userId) => homes.get(userId),
    views: () => [...[...modals.values()].flat(), ...homes.values()],
    failedInteractions: () => [...failures],
    putUser: (user) => {
      users.set(user.id, user);
      announce({ kind: "user", user });
    },
    removeUser: (id) => {
      const user = users.get(id);
      if (user === undefined) return;
      users.delete(id);
      announce({ kind: "user", user });
    },
    putChannel,
    removeChannel: (id) => {
      const channel = channels.get(id);
      if (channel === undefined) return;
      channels.delete(id);
      for (const [key, message] of messages) if (message.channelId === id) messages.delete(key);
      announce({ kind: "channel", channel });
    },
    putUsergroup: (usergroup) => {
      usergroups.set(usergroup.id, usergroup);
      announce({ kind: "usergroup", usergroup });
    },
    putMessage: (message) => {
      messages.set(keyOf(message), message);
      announce({ kind: "message", message });
    },
    putFile: (file) => {
      files.set(file.id, file);
      announce({ kind: "file", file });
    },
    putModals: (userId, stack) => {
      modals.set(userId, stack);
      announce({ kind: "modals", userId, stack });
    },
    putHome: (userId, view) => {
      homes.set(userId, view);
      announce({ kind: "home", userId, view });
    },
    putFailedInteraction: (failure) => {
      failures.push(failure);
      announce({ kind: "failed_interaction", failure });
    },
    announce,
    directMessage,
    nextTs,
    nextId,
    now,
    memory: () => ({
      users: [...users.values()],
      channels: [...channels.values()],
      usergroups: [...usergroups.values()],
      messages: [...messages.values()].filter((message) => !message.deleted || hasReplies(message)),
      files: [...files.values()],
      homes: [...homes.values()],
      lastMicroseconds,
      lastId,
    }),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isReply(message: Message): boolean {
  return message.threadTs !== undefined && message.threadTs !== message.ts && !message.isBroadcast;
}

function keyOf({ channelId, ts }: Pick<Message, "channelId" | "ts">): string {
  return `${channelId} ${ts}`;
}

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}
