import type { Logger } from "../../logger.ts";
import { knownError, wordCode, wordFault } from "../client/errors.ts";
import type { CallObserver } from "../client/call-observer.ts";

/** Problems with Slack, derived from the outcomes of its calls, for the operator. */
export type HeldBack = {
  readonly observer: CallObserver;
  /** Slack has rate-limited a channel for this long. */
  channelHeld(channel: string, milliseconds: number): void;
  /** Why Slack cannot be reached, once that has lasted for a while. */
  readonly away: () => string | undefined;
  /** Other problems, in words. */
  list(): readonly string[];
};

/** These methods need scopes that an app may lack (see manifest.yml). */
const optional = new Set(["conversations.history", "conversations.replies"]);
/** Shorter rate limits are normal and not reported. */
const longMs = 60_000;
/** Slack counts as unreachable after `awayTimes` failures over at least this time; one or two failed calls mean nothing. */
const awayMs = 10_000;
const awayTimes = 3;
/** Failures further apart than this are not one outage, because nobody asked in between. Longer than the slowest call takes to fail. */
const apartMs = 90_000;
const maxChannels = 1_000;

/** Called with the error when a call is refused because of the token, and with `undefined` when a call succeeds. */
export type OnToken = (refusal: string | undefined) => void;

/** Watches the outcomes of Slack calls for problems. `now`: monotonic clock in milliseconds. */
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
