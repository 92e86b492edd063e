import type { Logger } from "../logger.ts";
import { knownError, wordCode, wordFault } from "./slack-errors.ts";
import type { CallObserver } from "./call-observer.ts";

/** What keeps Hallpass from working with Slack, seen by what becomes of its calls: for whoever runs it. */
export type HeldBack = {
  readonly observer: CallObserver;
  /** Slack takes nothing in a channel for so long. */
  channelHeld(channel: string, milliseconds: number): void;
  /** Why nothing can be asked of Slack, once that has been so for a while. */
  readonly away: () => string | undefined;
  /** What else it is kept from, in words. */
  list(): readonly string[];
};

/** These take scopes that an app need not have (see manifest.yml). */
const optional = new Set(["conversations.history", "conversations.replies"]);
/** A shorter pause is everyday life. */
const longMs = 60_000;
/** One call that fails says nothing yet, nor do two. */
const awayMs = 10_000;
const awayTimes = 3;
/** Longer than the slowest call takes to fail: nobody asked in between. */
const apartMs = 90_000;
const maxChannels = 1_000;

/** Hears of each call what it says of the token: the error it was refused with, or that it was not. */
export type OnToken = (refusal: string | undefined) => void;

/** `now`: milliseconds of a clock that never goes back. */
export function createHeldBack(
  log: Logger,
  onToken: OnToken,
  now: () => number = () => performance.now(),
): HeldBack {
  const refused = new Map<string, string>();
  const held = new Map<string, number>();
  let failing: { readonly since: number; last: number; times: number; why: string } | undefined;
  return {
    observer: {
      answered(method, refusal) {
        failing = undefined;
        if (!refusal) {
          onToken(undefined);
          refused.delete(method);
          return;
        }
        const { error, needed } = refusal;
        const about = knownError(error)?.about;
        if (about === "token") onToken(error);
        if (about !== "app" || optional.has(method)) return;
        const why = wordCode(error, needed);
        if (refused.get(method) !== why) log.error({ method }, why);
        refused.set(method, why);
      },
      failed(error) {
        const at = now();
        if (!failing || at - failing.last > apartMs) failing = { since: at, last: at, times: 0, why: "" };
        failing.last = at;
        failing.times += 1;
        failing.why = wordFault(error);
      },
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
    away() {
      if (!failing || failing.times < awayTimes) return undefined;
      return failing.last - failing.since >= awayMs ? failing.why : undefined;
    },
    list() {
      for (const [channel, until] of held) if (until <= now()) held.delete(channel);
      const waiting = [...held].map(([channel, until]) => {
        const seconds = Math.ceil((until - now()) / 1_000);
        return `Slack takes no messages in ${channel} for another ${seconds} s; they wait`;
      });
      return [...Array.from(refused, ([method, why]) => `Slack refuses ${method}: ${why}`), ...waiting];
    },
  };
}
