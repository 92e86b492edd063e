import type { Logger } from "../logger.ts";
import { knownErrors, wordCode } from "./answers.ts";
import type { OnAnswer } from "./read-answer.ts";

/** What Slack does not let the app do, and where it wants to be left alone: for whoever runs Hallpass. */
export type HeldBack = {
  /** Hears what Slack answers. */
  readonly onAnswer: OnAnswer;
  /** Slack takes nothing in a channel for so long. */
  channelHeld(channel: string, milliseconds: number): void;
  /** As it is now, in words. */
  list(): readonly string[];
};

/** These take scopes that an app need not have (see manifest.yml). */
const optional = new Set(["conversations.history", "conversations.replies"]);
/** A shorter pause is everyday life. */
const longMs = 60_000;
const maxChannels = 1_000;

/** `now`: milliseconds of a clock that never goes back. */
export function createHeldBack(log: Logger, now: () => number = () => performance.now()): HeldBack {
  const refused = new Map<string, string>();
  const held = new Map<string, number>();
  const isAbout = (code: string): boolean =>
    Object.hasOwn(knownErrors, code) && knownErrors[code]?.about === "app";
  return {
    onAnswer(method, refusal) {
      if (!refusal) return void refused.delete(method);
      if (optional.has(method) || !isAbout(refusal.error)) return;
      const why = wordCode(refusal.error, refusal.needed);
      if (refused.get(method) !== why) log.error({ method }, why);
      refused.set(method, why);
    },
    channelHeld(channel, milliseconds) {
      if (milliseconds <= longMs) return;
      log.warn(
        { channel, seconds: milliseconds / 1_000 },
        "Slack asks for a long pause in a channel; its messages wait",
      );
      if (held.size >= maxChannels) held.clear();
      held.set(channel, now() + milliseconds);
    },
    list() {
      for (const [channel, until] of held) if (until <= now()) held.delete(channel);
      const waiting = [...held].map(([channel, until]) => {
        const seconds = Math.ceil((until - now()) / 1_000);
        return `Slack takes no messages in ${channel} for another ${seconds} s; they wait`;
      });
      return [...[...refused].map(([method, why]) => `Slack refuses ${method}: ${why}`), ...waiting];
    },
  };
}
