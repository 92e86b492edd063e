import type { Urgency } from "../../notify/surface.ts";

/** The rate limit of a place: `burst` messages at once after a rest, then one per `intervalMs` while it is busy. */
export type PaceLimits = { readonly burst: number; readonly intervalMs: number };

/** Queues for rate-limited places: one channel's messages, or one method's calls. */
export type Pace = {
  /**
   * Returns 0 and takes the turn, or the milliseconds after which `id` should ask again; it keeps its place in the
   * queue. Within one urgency the people on whose behalf messages are sent (`by`) take turns, so one with many messages
   * delays only themselves.
   */
  ask(
    place: string,
    id: string,
    urgency: Urgency,
    options?: { readonly by?: string; readonly limits?: PaceLimits | undefined },
  ): number;
  /** Counts a message that follows the one which has just had its turn, and waits for none. */
  take(place: string): void;
  /** Pauses a place because Slack asked to wait; after that it starts slowly, without a burst. */
  hold(place: string, milliseconds: number): void;
};

/**
 * Slack accepts about one message a second in a channel, and short bursts
 * (https://docs.slack.dev/apis/web-api/rate-limits). A request that is approved automatically sends four messages at
 * once.
 */
export const postLimits: PaceLimits = { burst: 4, intervalMs: 1_000 };

/** An entry that is this late was sent by another process or was dropped; forget it. */
const graceMs = 5_000;
const maxPlaces = 10_000;

const urgencies: readonly Urgency[] = ["urgent", "ordinary", "patient"];

type Waiting = {
  /** The round it is served in; each further entry on somebody's behalf goes a round later than the one before. */
  readonly round: number;
  /** When it should ask again. */
  readonly backAt: number;
};

type Line = {
  /** In order of arrival. */
  readonly waiting: Map<string, Waiting>;
  /** The round being served. */
  round: number;
  /** The last round in which each `by` has taken a place. */
  readonly lastRounds: Map<string, number>;
};

type Place = {
  readonly limits: PaceLimits;
  tokens: number;
  /** When the tokens were counted; in the future while Slack's pause lasts. */
  countedAt: number;
  readonly lines: Readonly<Record<Urgency, Line>>;
};

/** Creates the rate limiter of one process. `now`: monotonic clock in milliseconds. */
export function createPace(
  limits: PaceLimits = postLimits,
  now: () => number = () => performance.now(),
): Pace {
  const places = new Map<string, Place>();

  const placeOf = (name: string, own = limits): Place => {
    const known = places.get(name);
    if (known) return refilled(known, now());
    if (places.size >= maxPlaces) forgetIdle(places, now());
    const lines = { urgent: emptyLine(), ordinary: emptyLine(), patient: emptyLine() };
    const place: Place = { limits: own, tokens: own.burst, countedAt: now(), lines };
    places.set(name, place);
    return place;
  };

  return {
    ask(name, id, urgency, { by = "", limits: own } = {}) {
      const place = placeOf(name, own);
      const present = now();
      const line = place.lines[urgency];
      const known = line.waiting.get(id);
      const round = known?.round ?? nextRound(line, by);
      const ahead = countAhead(place.lines, { id, round }, urgency, present);
      if (place.countedAt <= present && ahead + 1 <= place.tokens) {
        place.tokens -= 1;
        serve(line, id, { by, round });
        return 0;
      }
      const pauseMs = Math.max(0, place.countedAt - present);
      const missing = Math.max(0, ahead + 1 - place.tokens);
      const waitMs = Math.max(1, Math.ceil(pauseMs + missing * place.limits.intervalMs));
      line.waiting.set(id, { round, backAt: present + waitMs });
      if (!known) line.lastRounds.set(by, round);
      return waitMs;
    },
    take(name) {
      placeOf(name).tokens -= 1;
    },
    hold(name, milliseconds) {
      const place = placeOf(name);
      place.countedAt = Math.max(place.countedAt, now() + milliseconds);
      place.tokens = 1;
    },
  };
}

function refilled(place: Place, now: number): Place {
  const { burst, intervalMs } = place.limits;
  if (now > place.countedAt) {
    place.tokens = Math.min(burst, place.tokens + (now - place.countedAt) / intervalMs);
    place.countedAt = now;
  }
  return place;
}

function emptyLine(): Line {
  return { waiting: new Map(), round: 0, lastRounds: new Map() };
}

/** Later than the round being served, however long they have sent nothing. */
function nextRound({ round, lastRounds }: Line, by: string): number {
  return Math.max(round, lastRounds.get(by) ?? 0) + 1;
}

function serve(line: Line, id: string, { by, round }: { readonly by: string; readonly round: number }): void {
  line.waiting.delete(id);
  line.round = Math.max(line.round, round);
  line.lastRounds.set(by, Math.max(line.lastRounds.get(by) ?? 0, round));
  if (line.waiting.size > 0) return;
  line.lastRounds.clear();
  line.round = 0;
}

/** Counts the entries that go first: more urgent ones, then earlier rounds, then earlier arrivals. Drops those that will not come back. */
function countAhead(
  lines: Place["lines"],
  { id, round }: { readonly id: string; readonly round: number },
  urgency: Urgency,
  now: number,
): number {
  let ahead = 0;
  for (const each of urgencies) {
    let cameEarlier = true;
    for (const [other, { round: theirs, backAt }] of lines[each].waiting) {
      if (each === urgency && other === id) cameEarlier = false;
      else if (backAt + graceMs < now) lines[each].waiting.delete(other);
      else if (each !== urgency || theirs < round || (theirs === round && cameEarlier)) ahead += 1;
    }
    if (each === urgency) return ahead;
  }
  return ahead;
}

function forgetIdle(places: Map<string, Place>, now: number): void {
  for (const [name, place] of places) {
    const { tokens, limits, lines } = refilled(place, now);
    if (tokens >= limits.burst && urgencies.every((each) => lines[each].waiting.size === 0))
      places.delete(name);
  }
}
