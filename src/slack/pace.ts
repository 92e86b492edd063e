/** How much people and Slack need a message soon. */
export type Urgency = "urgent" | "ordinary" | "patient";

/** What a place takes: so many messages at once after a rest, and one each `intervalMs` for as long as it is kept busy. */
export type PaceLimits = { readonly burst: number; readonly intervalMs: number };

/** Whose turn it is where Slack takes only so much: one channel's messages, or one method's calls. */
export type Pace = {
  /** 0: now, and the turn is taken. Else the milliseconds after which `id` is to ask again; its place in the line is kept. */
  ask(place: string, id: string, urgency: Urgency, limits?: PaceLimits): number;
  /** Something that goes with what has just had its turn, and waits for none. */
  take(place: string): void;
  /** Slack asked for a pause; after it the place starts slowly. */
  hold(place: string, milliseconds: number): void;
};

/**
 * Slack takes about one message a second into a channel, and short bursts
 * (https://docs.slack.dev/apis/web-api/rate-limits). A request that is approved by itself says four things at once.
 */
export const postLimits: PaceLimits = { burst: 4, intervalMs: 1_000 };

/** Whoever has not come back this long after their time has been served elsewhere, or never will be. */
const graceMs = 5_000;
const maxPlaces = 10_000;

const urgencies: readonly Urgency[] = ["urgent", "ordinary", "patient"];

type Line = Map<string, number>;
type Place = {
  readonly limits: PaceLimits;
  tokens: number;
  /** When the tokens were counted; ahead of time while Slack wants a pause. */
  countedAt: number;
  /** Who waits and when they are to come back, in the order in which they came. */
  readonly lines: Readonly<Record<Urgency, Line>>;
};

/** The pace of one process. `now`: milliseconds of a clock that never goes back. */
export function createPace(
  limits: PaceLimits = postLimits,
  now: () => number = () => performance.now(),
): Pace {
  const places = new Map<string, Place>();

  const placeOf = (name: string, own = limits): Place => {
    const known = places.get(name);
    if (known) return refilled(known, now());
    if (places.size >= maxPlaces) forgetIdle(places, now());
    const lines = { urgent: new Map(), ordinary: new Map(), patient: new Map() };
    const place: Place = { limits: own, tokens: own.burst, countedAt: now(), lines };
    places.set(name, place);
    return place;
  };

  return {
    ask(name, id, urgency, own) {
      const place = placeOf(name, own);
      const present = now();
      const ahead = countAhead(place.lines, id, urgency, present);
      if (place.countedAt <= present && ahead + 1 <= place.tokens) {
        place.tokens -= 1;
        place.lines[urgency].delete(id);
        return 0;
      }
      const pauseMs = Math.max(0, place.countedAt - present);
      const missing = Math.max(0, ahead + 1 - place.tokens);
      const waitMs = Math.max(1, Math.ceil(pauseMs + missing * place.limits.intervalMs));
      place.lines[urgency].set(id, present + waitMs);
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

/** How many wait who go first: the more urgent, and those as urgent who came earlier. Forgets who will not come. */
function countAhead(lines: Place["lines"], id: string, urgency: Urgency, now: number): number {
  let ahead = 0;
  for (const each of urgencies) {
    for (const [other, backAt] of lines[each]) {
      if (each === urgency && other === id) return ahead;
      if (backAt + graceMs < now) lines[each].delete(other);
      else ahead += 1;
    }
    if (each === urgency) return ahead;
  }
  return ahead;
}

function forgetIdle(places: Map<string, Place>, now: number): void {
  for (const [name, place] of places) {
    const { tokens, limits, lines } = refilled(place, now);
    if (tokens >= limits.burst && urgencies.every((each) => lines[each].size === 0)) places.delete(name);
  }
}
