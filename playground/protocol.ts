// What the playground's page and its server say to each other. Types only: both sides import it.
import type { Json, JsonObject } from "../slack-simulator/json.ts";

/**
 * `GET /api/screen?as=NAME` streams (as server-sent events named `screen`) all that one person sees, whole, each time
 * something changes.
 */
export interface Screen {
  /** Who is looking; a user's `name`. */
  readonly as: string;
  /** Everybody one can be, in the order of the switch. */
  readonly people: readonly PersonCard[];
  /** Everybody in the workspace, the bot included: for mentions, authors and user selects. */
  readonly users: readonly UserCard[];
  readonly usergroups: readonly { readonly id: string; readonly handle: string; readonly name: string }[];
  /** Channels first, direct messages after them; only what this person sees. The first is where a visit begins. */
  readonly channels: readonly ChannelCard[];
  /** The slash commands of the app, for completion. */
  readonly commands: readonly CommandCard[];
  /** By channel id, oldest first: threads' replies and this person's ephemeral messages included. */
  readonly messages: Readonly<Record<string, readonly MessageCard[]>>;
  /** The person's open modals, the one on top last. */
  readonly modals: readonly ViewCard[];
  readonly home: ViewCard | null;
  readonly clock: ClockCard;
  readonly guide: readonly GuideStep[];
  readonly orders: OrdersCard;
  readonly faults: Readonly<Record<FaultName, boolean>>;
  /** Whether Hallpass is connected to the simulated Slack now. */
  readonly isConnected: boolean;
}

export interface PersonCard {
  readonly name: string;
  readonly id: string;
  readonly realName: string;
  /** What they are in the story: "engineer", "lead", "security and auditor", "guest" … */
  readonly part: string;
  /** A deactivated person sees nothing and can do nothing: Slack has signed them out. */
  readonly isDeactivated: boolean;
}

export interface UserCard {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly isBot: boolean;
  /** IANA; times are shown to a person in their own. */
  readonly timezone: string;
}

export interface ChannelCard {
  readonly id: string;
  /** Without `#`; of a direct message, the other's real name. */
  readonly name: string;
  readonly kind: "channel" | "private" | "direct";
  readonly isArchived: boolean;
  readonly isShared: boolean;
}

export interface CommandCard {
  /** With its slash. */
  readonly command: string;
  readonly description: string;
  readonly hint: string;
}

export interface MessageCard {
  readonly channelId: string;
  /** Slack's timestamp, `SECONDS.MICROSECONDS`; unique in its channel. */
  readonly ts: string;
  /** The `ts` of the message whose thread this is in; equal to `ts`, or null, for what is no reply. */
  readonly threadTs: string | null;
  /** A reply that also shows in the channel. */
  readonly isBroadcast: boolean;
  readonly userId: string;
  /** mrkdwn; shown where there are no blocks. */
  readonly text: string;
  /** Block Kit, with block and action ids filled in. */
  readonly blocks: readonly JsonObject[];
  /** Legacy attachments: `{color?, blocks?, text?, title?}`. */
  readonly attachments: readonly JsonObject[];
  readonly files: readonly FileCard[];
  readonly reactions: readonly { readonly name: string; readonly count: number }[];
  readonly isEdited: boolean;
  /** "Only visible to you". */
  readonly isEphemeral: boolean;
  /** What this person entered into the message's own inputs. */
  readonly values: Values;
}

/** Block id → action id → Slack's value object, such as `{type: "plain_text_input", value: "…"}`. */
export type Values = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

export interface FileCard {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  /** Where it can be read: `/api/files/ID?as=NAME`, as text. */
  readonly url: string;
}

/** A modal or App Home. */
export interface ViewCard {
  readonly id: string;
  readonly kind: "modal" | "home";
  /** The view as the app gave it: `title`, `blocks`, `submit`, `close` …; ids filled in. */
  readonly definition: JsonObject;
  readonly values: Values;
  /** By block id, shown under the field. */
  readonly errors: Readonly<Record<string, string>>;
  /** Slack's own banner when a submission went unanswered; null when there is none. */
  readonly failure: string | null;
}

export interface ClockCard {
  /** Milliseconds the playground's time is ahead of this machine's. */
  readonly aheadMs: number;
  /** What ends next by itself and when (milliseconds since 1970, playground's time); null when nothing does. */
  readonly next: { readonly at: number; readonly what: string } | null;
}

/** One step of the guided first minute; ticked off from what really happened. */
export interface GuideStep {
  readonly id: "ask" | "approve" | "query" | "expire" | "audit";
  readonly text: string;
  readonly isDone: boolean;
  /** Who does it. */
  readonly as: string;
  /** What the page offers to put where it belongs: a command in a channel's message box, or SQL in its panel. */
  readonly offer:
    | { readonly kind: "command"; readonly channelId: string; readonly text: string }
    | { readonly kind: "sql"; readonly text: string }
    | { readonly kind: "channel"; readonly channelId: string }
    | { readonly kind: "clock" };
}

/** The guarded database as it is right now. */
export interface OrdersCard {
  /** As a person would connect: `postgresql://alice@127.0.0.1:PORT/orders`; null for who has no login there. */
  readonly login: string | null;
  readonly roles: readonly {
    readonly role: string;
    readonly title: string;
    readonly members: readonly string[];
  }[];
}

export type FaultName = "slow" | "down" | "rate_limited" | "duplicates" | "provider_down";

/** Where an element stands. */
export type Place =
  | { readonly kind: "message"; readonly channelId: string; readonly ts: string }
  | { readonly kind: "view"; readonly viewId: string };

/** `POST /api/do`, answered by `Done`. `as` is a user's name. */
export type Deed =
  /** A message, or a slash command where the text begins with `/`. */
  | {
      readonly do: "say";
      readonly as: string;
      readonly channelId: string;
      readonly text: string;
      readonly threadTs?: string;
    }
  /** A button (no value), an entry of an overflow menu (`{selected_option}`). */
  | {
      readonly do: "press";
      readonly as: string;
      readonly place: Place;
      readonly blockId: string;
      readonly actionId: string;
      readonly value?: JsonObject;
    }
  /** Something entered or chosen: Slack's whole value object. The server tells the app where the app asked to be told. */
  | {
      readonly do: "enter";
      readonly as: string;
      readonly place: Place;
      readonly blockId: string;
      readonly actionId: string;
      readonly value: JsonObject;
    }
  /** Asks an external select for its options. */
  | {
      readonly do: "suggest";
      readonly as: string;
      readonly place: Place;
      readonly blockId: string;
      readonly actionId: string;
      readonly typed: string;
    }
  | { readonly do: "submit"; readonly as: string; readonly viewId: string }
  | { readonly do: "close"; readonly as: string; readonly viewId: string }
  | { readonly do: "open_home"; readonly as: string }
  | { readonly do: "sql"; readonly as: string; readonly sql: string }
  | { readonly do: "move_clock"; readonly by: number | "to_next" }
  | { readonly do: "switch_fault"; readonly fault: FaultName; readonly on: boolean };

/** `why` is shown to the person: what was expected, what came, what to do. */
export type Done =
  | { readonly ok: true; readonly options?: readonly JsonObject[]; readonly sql?: SqlResult }
  | { readonly ok: false; readonly why: string };

export type SqlResult =
  | {
      readonly kind: "rows";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | null)[])[];
      /** There were more than are shown. */
      readonly isCut: boolean;
    }
  | { readonly kind: "done"; readonly text: string }
  /** PostgreSQL's own words, such as `ERROR:  permission denied for table orders`. */
  | { readonly kind: "error"; readonly text: string };

/**
 * `GET /api/inspector` streams (as server-sent events named `entry`) each Web API call and delivery: the last 200 at first,
 * then each as it comes; one with an id that is known replaces it.
 */
export interface InspectorEntry {
  readonly id: number;
  readonly kind: "call" | "delivery";
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `chat.postMessage`; `/request-access`, `block_actions` … */
  readonly name: string;
  /** `ok`, an error of Slack's, an HTTP status, `ack`, `timeout` … */
  readonly status: string;
  readonly ms: number;
  /** What Slack would have refused or frowned at: a limit, a late acknowledgement, a used trigger. Null when all is well. */
  readonly problem: string | null;
  readonly request: Json;
  readonly response: Json;
}
