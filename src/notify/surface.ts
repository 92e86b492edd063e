import type { Outcome } from "../access/carry-out/carry-out.ts";
import type { MessageKind } from "../domain/effect.ts";
import type { ClaimedEffect } from "../persistence/effects/effects.ts";
import type { Place } from "../persistence/messages.ts";
import type { Named } from "../words/piece.ts";
import type { Message } from "./message.ts";

/**
 * A place where people talk and Hallpass with them: Slack is one. Destinations are `slack:#ops` (in short `#ops`), accounts and
 * places are the surface's own. What is said, to whom and how urgently is decided in this folder; a surface shows it.
 */
export type Surface = {
  /** As destinations, effects and the places of messages name it. */
  readonly name: string;
  /** Runs an effect's work as soon as the surface accepts it; otherwise says when to retry. Throws errors that may pass by themselves. */
  deliver(
    effect: ClaimedEffect<MessageKind>,
    urgency: Urgency,
    work: (parcel: Parcel) => Promise<Outcome>,
  ): Promise<Outcome>;
  /** People as the surface mentions them, by their addresses; looks up no more than it will name. */
  mentions(addresses: readonly string[]): Promise<readonly Named[]>;
  /** The account with this address; `undefined` when there is none or the surface cannot be asked. */
  accountOf(address: string): Promise<string | undefined>;
  /** The destination that a message stands in. */
  destinationOf(place: Place): string;
} & Announcer;

/** The part of a surface that says something at once, by no effect. */
export type Announcer = {
  /**
   * Posts a message, in a channel or under a message. `mark` identifies it; if it `mayStand` since at most so many milliseconds,
   * the surface looks for it first, as far as it can.
   */
  say(to: Where, message: Message, mark: Mark, mayStandMs?: number): Promise<void>;
  judge(error: unknown): Judgement;
  /** How long a message that got no answer may still appear, in seconds. */
  readonly doubtSeconds: number;
};

export type Where = { readonly destination: string } | { readonly under: Place };

/** Names a message, so that it is found again; means nothing to readers. */
export type Mark = Readonly<Record<string, string>>;

/** How long a message may wait behind others for the same place. */
export type Urgency = "urgent" | "ordinary" | "patient";

/** Called when it is the message's turn, so that the content is up to date and waiting messages need no lookups. */
export type Compose = () => Message | Promise<Message>;

/**
 * Sends the messages of one effect, each once as far as the surface lets us check. `part` distinguishes the messages of one effect.
 * In each place only the first message waits for its turn.
 */
export type Parcel = {
  /** Posts in a destination. */
  announce(destination: string, compose: Compose, part?: string): Promise<Place>;
  /** Posts again beside a message that is gone. */
  renew(lost: Place, compose: Compose): Promise<Place>;
  /** Looks for a message that an earlier attempt may have posted; `undefined` if there is none or the surface cannot say. */
  seek(destination: string, part: string): Promise<Place | undefined>;
  /** Changes a posted message. */
  refresh(place: Place, compose: Compose): Promise<void>;
  /** Posts under a message. Throws, with a fault of kind `message`, if that is gone. */
  reply(place: Place, compose: Compose, part?: string): Promise<void>;
  /** Tells one person alone, by their account. */
  direct(account: string, compose: Compose, part?: string): Promise<void>;
};

/** What an error of a surface means for whoever would try again. */
export type Judgement = {
  /** For those who can mend it. */
  readonly words: string;
  /** Why no retry helps; absent for everything that may pass. */
  readonly fault?: Fault;
  /** The surface may have done it all the same. */
  readonly mayBeDone: boolean;
  /** The error is not about this message: others fail too. */
  readonly isAway: boolean;
  /** How long the surface asks to be left alone. */
  readonly waitMs: number;
};

/** The destination takes no messages, the message is gone or too long, or the surface refuses this very message. */
export type Fault = {
  readonly kind: "destination" | "message" | "too_long" | "refused";
  readonly words: string;
};

/** The message that was to be replied to or changed is gone. */
export class MessageGone extends Error {}
