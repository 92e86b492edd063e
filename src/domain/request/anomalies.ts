import { z } from "zod";
import { formatDuration } from "../duration.ts";
import { saying } from "../personal-fields.ts";

/** Kinds of unusual request, the most telling first: people are shown them in this order. */
export const requestAnomalyKinds = [
  "after_denial",
  "many_denials",
  "unusual_hour",
  "first_time",
  "long_duration",
  "many_requests",
] as const;
export type RequestAnomalyKind = (typeof requestAnomalyKinds)[number];

/** Short titles, shown next to the figures. */
export const requestAnomalyTitles: Readonly<Record<RequestAnomalyKind, string>> = {
  after_denial: "Denied a short while ago",
  many_denials: "Many denials lately",
  unusual_hour: "Unusual hour",
  first_time: "First time for this resource",
  long_duration: "Unusually long",
  many_requests: "Unusually many requests",
};

/**
 * An anomaly in words, with its figures. It is shown and recorded, but never used to decide. The words name nobody and say only
 * what the audit's own times and resources say too, so they stay when the person is erased.
 */
export const RequestFlag = z.object({ kind: z.enum(requestAnomalyKinds), why: saying.plain });
export type RequestFlag = Readonly<z.infer<typeof RequestFlag>>;

export type AskedAccess = {
  readonly at: Date;
  /** Minutes since midnight in the policy's time zone. */
  readonly minuteOfDay: number;
  readonly resource: string;
  readonly role: string;
  readonly durationSeconds: number;
};

/** An earlier request of the same person. */
export type PastRequest = AskedAccess & {
  readonly number: number;
  /** `denied` by a person, `refused` by a `deny` rule; `open`: not decided by anybody. */
  readonly outcome: "approved" | "denied" | "refused" | "open";
  readonly closedAt?: Date;
};

export type OwnPast = {
  /** In any order. */
  readonly requests: readonly PastRequest[];
  /** Whether they have asked for this resource before, however long ago. */
  readonly hasAskedBefore: boolean;
};

/** An anomaly with the figures behind it. */
export type RequestAnomaly =
  | {
      readonly kind: "after_denial";
      readonly access: string;
      readonly number: number;
      readonly seconds: number;
    }
  | { readonly kind: "many_denials"; readonly denials: number; readonly decided: number }
  | {
      readonly kind: "unusual_hour";
      readonly minuteOfDay: number;
      readonly fromHour: number;
      readonly toHour: number;
      readonly within: number;
      readonly requests: number;
    }
  | { readonly kind: "first_time"; readonly resource: string; readonly requests: number }
  | {
      readonly kind: "long_duration";
      readonly seconds: number;
      readonly usualSeconds: number;
      readonly asLong: number;
      readonly requests: number;
    }
  | {
      readonly kind: "many_requests";
      readonly requests: number;
      readonly usual: number;
      readonly days: number;
    };

const daySeconds = 86_400;

/** Asking again within a day of a denial is asking about the same work; later it may be other work. */
const afterDenialSeconds = daySeconds;

const denialDays = 7;
/** Two denials may be a misunderstanding. */
const minDenials = 3;

/**
 * The six whole hours around the request are compared with the rest of the day. Somebody who asks at random hours leaves such a
 * quarter of the day empty in 20 requests once in 300 times; with fewer requests there is no usual hour.
 */
const minForHour = 20;
const hoursAround = 3;
/** Up to one request in fifty within these hours does not make them usual. */
const strayOf = 50;

/** A new person asks for everything for the first time. */
const minForFirstTime = 5;

/** Enough that one odd request does not move the median. */
const minForDuration = 8;
/** People double a duration without a thought; four times as long is another kind of work. */
const timesUsualDuration = 4;
/** A duration they ask for more often than once in twenty requests is usual, however long. */
const asLongOf = 20;

/** Minimum number of days with any request. */
const minActiveDays = 5;
const timesUsualAmount = 3;
/** Below this, three times as many means little: one a day becomes three. */
const minAmount = 5;

/**
 * Finds what is unusual about a request compared with the same person's earlier ones, by counting. Each kind needs enough earlier
 * requests to compare with; their order does not matter.
 */
export function anomaliesOf(asked: AskedAccess, past: OwnPast): readonly RequestAnomaly[] {
  const earlier = past.requests;
  return [
    afterDenial(asked, earlier),
    manyDenials(asked, earlier),
    unusualHour(asked, earlier),
    firstTime(asked, past),
    longDuration(asked, earlier),
    manyRequests(asked, earlier),
  ].filter((anomaly) => anomaly !== undefined);
}

function afterDenial(asked: AskedAccess, earlier: readonly PastRequest[]): RequestAnomaly | undefined {
  const denials = earlier.flatMap(({ outcome, closedAt, resource, role, number }) => {
    const isSame = resource === asked.resource && role === asked.role;
    if (outcome !== "denied" || !closedAt || !isSame) return [];
    const seconds = secondsBetween(closedAt, asked.at);
    return seconds >= 0 && seconds <= afterDenialSeconds ? [{ seconds, number }] : [];
  });
  const [latest] = denials.toSorted((a, b) => a.seconds - b.seconds || b.number - a.number);
  return latest && { kind: "after_denial", access: `${asked.resource}:${asked.role}`, ...latest };
}

function manyDenials(asked: AskedAccess, earlier: readonly PastRequest[]): RequestAnomaly | undefined {
  const decided = earlier.filter(({ outcome, closedAt }) => {
    if (outcome === "open" || !closedAt) return false;
    const seconds = secondsBetween(closedAt, asked.at);
    return seconds >= 0 && seconds <= denialDays * daySeconds;
  });
  const denials = decided.filter(({ outcome }) => outcome !== "approved").length;
  if (denials < minDenials || denials * 2 < decided.length) return undefined;
  return { kind: "many_denials", denials, decided: decided.length };
}

function unusualHour(
  { minuteOfDay }: AskedAccess,
  earlier: readonly PastRequest[],
): RequestAnomaly | undefined {
  if (earlier.length < minForHour) return undefined;
  const hour = Math.floor(minuteOfDay / 60);
  const fromHour = (hour + 24 - hoursAround) % 24;
  // Hours wrap around: 23:00 is two hours from 01:00.
  const within = earlier.filter(
    (one) => (Math.floor(one.minuteOfDay / 60) + 24 - fromHour) % 24 < 2 * hoursAround,
  ).length;
  if (within * strayOf > earlier.length) return undefined;
  const toHour = (hour + hoursAround) % 24;
  return { kind: "unusual_hour", minuteOfDay, fromHour, toHour, within, requests: earlier.length };
}

function firstTime({ resource }: AskedAccess, past: OwnPast): RequestAnomaly | undefined {
  const { length } = past.requests;
  const hasAsked = past.hasAskedBefore || past.requests.some((one) => one.resource === resource);
  if (length < minForFirstTime || hasAsked) return undefined;
  return { kind: "first_time", resource, requests: length };
}

function longDuration(asked: AskedAccess, earlier: readonly PastRequest[]): RequestAnomaly | undefined {
  if (earlier.length < minForDuration) return undefined;
  const seconds = asked.durationSeconds;
  const usualSeconds = middleOf(earlier.map(({ durationSeconds }) => durationSeconds));
  const asLong = earlier.filter(({ durationSeconds }) => durationSeconds >= seconds).length;
  if (seconds < timesUsualDuration * usualSeconds || asLong * asLongOf > earlier.length) return undefined;
  return { kind: "long_duration", seconds, usualSeconds, asLong, requests: earlier.length };
}

/** Counts in periods of 24 hours back from the request, so that midnight splits nothing. */
function manyRequests(asked: AskedAccess, earlier: readonly PastRequest[]): RequestAnomaly | undefined {
  const byDay = new Map<number, number>();
  for (const { at } of earlier) {
    const day = Math.floor(Math.max(0, secondsBetween(at, asked.at)) / daySeconds);
    byDay.set(day, (byDay.get(day) ?? 0) + 1);
  }
  const requests = (byDay.get(0) ?? 0) + 1;
  byDay.delete(0);
  if (byDay.size < minActiveDays || requests < minAmount) return undefined;
  const usual = middleOf([...byDay.values()]);
  if (requests < timesUsualAmount * usual) return undefined;
  return { kind: "many_requests", requests, usual, days: byDay.size };
}

/** Says why the request is unusual, with the figures. */
function wordRequestAnomaly(anomaly: RequestAnomaly): string {
  switch (anomaly.kind) {
    case "after_denial":
      return `asks ${roughly(anomaly.seconds)} after ${anomaly.access} was denied (AR-${anomaly.number})`;
    case "many_denials":
      return `of their ${anomaly.decided} requests decided in the last ${denialDays} days ${anomaly.denials} were denied or refused`;
    case "unusual_hour": {
      const { minuteOfDay, fromHour, toHour } = anomaly;
      const between = `between ${wordMinute(fromHour * 60)} and ${wordMinute(toHour * 60)}`;
      return `asks at ${wordMinute(minuteOfDay)}; of their last ${anomaly.requests} requests ${were(anomaly.within)} ${between}`;
    }
    case "first_time":
      return `of their last ${anomaly.requests} requests none was for ${anomaly.resource}`;
    case "long_duration": {
      const [asked, usual] = [formatDuration(anomaly.seconds), formatDuration(anomaly.usualSeconds)];
      return `asks for ${asked}, usually for ${usual}; of their last ${anomaly.requests} requests ${were(anomaly.asLong)} for as long`;
    }
    case "many_requests":
      return `${anomaly.requests} requests within 24 hours, this one included; usually ${anomaly.usual} on a day (${anomaly.days} other days with any)`;
  }
}

/** An anomaly as it is shown and recorded. */
export function requestFlag(anomaly: RequestAnomaly): RequestFlag {
  return { kind: anomaly.kind, why: wordRequestAnomaly(anomaly) };
}

/** The median, as one of the values so that it can be quoted. Of two in the middle it is the greater, which flags less. */
function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}

function roughly(seconds: number): string {
  return formatDuration(seconds < 60 ? seconds : seconds - (seconds % 60));
}

function were(count: number): string {
  return count === 0 ? "none was" : `${count} ${count === 1 ? "was" : "were"}`;
}

function wordMinute(minuteOfDay: number): string {
  const part = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${part(minuteOfDay / 60)}:${part(minuteOfDay % 60)}`;
}
