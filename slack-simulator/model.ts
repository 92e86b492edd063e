import type { JsonObject } from "./json.ts";

export interface Team {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** The organisation of Enterprise Grid that the workspace is one of. */
  readonly enterprise?: Enterprise;
}

export interface Enterprise {
  readonly id: string;
  readonly name: string;
}

/** The app under test as Slack knows it. */
export interface InstalledApp {
  readonly id: string;
  readonly name: string;
  readonly botId: string;
  readonly botUserId: string;
  /** Installed in the whole organisation: payloads name no team. */
  readonly isOrgWide?: boolean;
}

export interface User {
  readonly id: string;
  /**
   * The home workspace: for a stranger that of another company, on Enterprise Grid maybe another one of the organisation.
   * The organisation's own id where Slack shows no home.
   */
  readonly teamId: string;
  /** The organisation of Enterprise Grid that the account is of. */
  readonly enterpriseId: string | undefined;
  readonly name: string;
  readonly realName: string;
  readonly email: string;
  readonly timezone: string;
  readonly deleted: boolean;
  readonly isBot: boolean;
  readonly isRestricted: boolean;
  readonly isUltraRestricted: boolean;
  /** Of another company and, as Slack's reference has it, in no channel that the app sees; who is in one is not marked. */
  readonly isStranger: boolean;
  readonly isAppUser: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: "public" | "private" | "im" | "mpim";
  readonly isArchived: boolean;
  readonly isExtShared: boolean;
  /** User ids, the bot's own included where it was invited. */
  readonly members: readonly string[];
  readonly createdAt: number;
}

export interface Message {
  readonly channelId: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  /** The author's user id; USLACKBOT for what Slack itself says. */
  readonly userId: string;
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  readonly attachments: readonly JsonObject[];
  readonly metadata: JsonObject | undefined;
  readonly fileIds: readonly string[];
  readonly reactions: readonly { readonly name: string; readonly users: readonly string[] }[];
  /** A reply that also shows in the channel. */
  readonly isBroadcast: boolean;
  readonly editedTs: string | undefined;
  readonly deleted: boolean;
  /** Set on an ephemeral message: the only person who sees it. */
  readonly visibleTo: string | undefined;
  /** What people entered into the message's own inputs, by user id. */
  readonly inputs: Readonly<Record<string, Values>>;
}

/** `state.values`: block id → action id → Slack's value object. */
export type Values = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

export interface OpenView {
  readonly id: string;
  readonly kind: "modal" | "home";
  readonly userId: string;
  /** The view as the app gave it, with missing block and action ids filled in. */
  readonly definition: JsonObject;
  readonly values: Values;
  /** By block id, as the app or Slack's own client would show them under the field. */
  readonly errors: Readonly<Record<string, string>>;
  /** Slack's own banner when a submission went unanswered. */
  readonly failure: string | undefined;
  readonly hash: string;
  readonly rootId: string;
  readonly previousId: string | undefined;
}

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly content: Buffer;
  readonly createdAt: number;
  /** False until files.completeUploadExternal. */
  readonly completed: boolean;
  readonly channelIds: readonly string[];
}

export interface Usergroup {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly members: readonly string[];
  readonly disabled: boolean;
  /** Another workspace's, seen through a shared channel. */
  readonly isExternal: boolean;
}

/** A click or submission for which Slack shows the person a warning instead of a result. */
export interface FailedInteraction {
  readonly userId: string;
  readonly kind: string;
  readonly error: "operation_timeout" | "dispatch_failed";
  readonly at: number;
}

export const SLACKBOT = "USLACKBOT";
