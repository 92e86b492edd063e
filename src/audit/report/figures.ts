import type { Verification } from "../verify/verify.ts";
import type { Period } from "./period.ts";

/** The figures of a report, counted from the audit, with all tokens opened. */
export type Figures = {
  readonly period: Period;
  /** Where the time zone comes from, as a sentence. */
  readonly zoneNote: string;
  readonly madeAt: Date;
  /** Events of the period by their type. */
  readonly counts: Readonly<Record<string, number>>;
  readonly weeks: readonly WeekOfRequests[];
  /** How approved requests were approved; break-glass is not included. */
  readonly approvedBy: Readonly<Record<"people" | "rule", number>>;
  readonly waits: Waits;
  readonly weeksByRisk: readonly WeekOfAccess[];
  readonly resources: Listed<ResourceAccess>;
  readonly people: Listed<PersonAccess>;
  /** How many rules matched requests. */
  readonly ruleCount: number;
  readonly rules: Listed<RuleUse>;
  readonly standing: Standing;
  readonly ends: readonly AccessEnd[];
  readonly breakGlass: Listed<BreakGlassUse>;
  readonly overdue: Listed<OverdueAccess>;
  readonly refusedClicks: readonly { readonly why: string; readonly count: number }[];
  readonly ownRequests: Listed<OwnRequest>;
  readonly flagKinds: readonly { readonly kind: string; readonly count: number }[];
  readonly flags: Listed<Flag>;
  readonly drift: readonly ProviderDrift[];
  readonly driftFindings: Listed<DriftFound>;
  readonly chain: ChainStatus;
};

/** The first rows, and how many there are in all. */
export type Listed<T> = { readonly rows: readonly T[]; readonly total: number };

export type WeekOfRequests = Readonly<Record<Outcome, number>> & {
  readonly week: string;
  readonly filed: number;
};
export const outcomes = ["approved", "taken", "denied", "refused", "expired", "cancelled"] as const;
export type Outcome = (typeof outcomes)[number];

export type Risk = "low" | "medium" | "high" | "unknown";
export const risks: readonly Risk[] = ["low", "medium", "high", "unknown"];
export type WeekOfAccess = Readonly<Record<Risk, number>> & { readonly week: string };
export type ResourceAccess = Readonly<Record<Risk, number>> & { readonly resource: string };

export type PersonAccess = { readonly person: string; readonly grants: number; readonly resources: number };
export type RuleUse = Readonly<Record<"filed" | Outcome, number>> & { readonly rule: string };

/** Time from filing to the last approval needed, for requests that people approved; in seconds. */
export type Waits = {
  readonly count: number;
  readonly medianSeconds: number | undefined;
  readonly p95Seconds: number | undefined;
  /** One number for each of `waitBuckets`. */
  readonly histogram: readonly number[];
};

/** Each bucket is below this many seconds, and not below the limit of the bucket before. */
export const waitBuckets: readonly { readonly label: string; readonly belowSeconds: number }[] = [
  { label: "under 1 min", belowSeconds: 60 },
  { label: "1–5 min", belowSeconds: 300 },
  { label: "5–15 min", belowSeconds: 900 },
  { label: "15–60 min", belowSeconds: 3_600 },
  { label: "1–4 h", belowSeconds: 14_400 },
  { label: "4–24 h", belowSeconds: 86_400 },
  { label: "over a day", belowSeconds: Number.POSITIVE_INFINITY },
];

export type Standing = {
  /** Grants of access for a limited time. */
  readonly justInTime: number;
  /** Grants of access that the person already held in their own right. */
  readonly alreadyHeld: number;
  /** Hours held, of access that ended within the period. */
  readonly hoursHeld: number;
};

export type AccessEnd = {
  readonly reason: string;
  readonly count: number;
  readonly verified: number;
  readonly kept: number;
  readonly late: number;
};

export type BreakGlassUse = {
  readonly at: Date;
  readonly request: string;
  readonly requester: string;
  readonly access: string;
  readonly risk: string;
  readonly verdict: string | undefined;
  readonly reviewer: string | undefined;
  readonly note: string | undefined;
  readonly wasOverdue: boolean;
};

export type OverdueAccess = {
  readonly request: string;
  readonly requester: string;
  readonly access: string;
  readonly provider: string;
  readonly lateSeconds: number;
  readonly goneAt: Date | undefined;
};

export type OwnRequest = {
  readonly at: Date;
  readonly request: string;
  readonly person: string;
  readonly attempted: string;
};
export type Flag = {
  readonly at: Date;
  readonly request: string;
  readonly person: string;
  readonly kind: string;
  readonly why: string;
};

export const driftTypes = [
  "drift.found",
  "drift.adopted",
  "drift.removed",
  "drift.removal_failed",
  "drift.gone",
  "grant.reappeared",
  "grant.vanished",
  "grant.came_back",
] as const;
export type DriftType = (typeof driftTypes)[number];
export type ProviderDrift = { readonly provider: string } & Readonly<Record<DriftType, number>>;
export type DriftFound = {
  readonly at: Date;
  readonly provider: string;
  readonly subject: string;
  readonly access: string;
  readonly outcome: string;
};

export type ChainStatus = {
  readonly verification: Verification;
  /** The places of the period's events, if there are any. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Events of the period that are not in the chain. */
  readonly unsealed: number;
};

/** Adds up counts by week and type into counts by type. */
export function countsByType(
  rows: readonly { readonly type: string; readonly count: number }[],
): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { type, count } of rows) counts.set(type, (counts.get(type) ?? 0) + count);
  return Object.fromEntries(counts);
}

/** Returns one entry per week, including weeks without events. Requests that the policy refused at once count as filed too. */
export function weeksOfRequests(
  weeks: readonly string[],
  rows: readonly { readonly week: string; readonly type: string; readonly count: number }[],
): readonly WeekOfRequests[] {
  const counts = new Map(rows.map(({ week, type, count }) => [`${week} ${type}`, count]));
  return weeks.map((week) => {
    const of = (what: string): number => counts.get(`${week} request.${what}`) ?? 0;
    return {
      week,
      filed: of("created") + of("refused"),
      approved: of("approved"),
      taken: counts.get(`${week} break_glass.used`) ?? 0,
      denied: of("denied"),
      refused: of("refused"),
      expired: of("expired"),
      cancelled: of("cancelled"),
    };
  });
}

/** Returns one entry per key, in the order of the keys, with a number for each risk. */
export function byRisk(
  keys: readonly string[],
  rows: readonly { readonly key: string; readonly risk: string; readonly count: number }[],
): readonly (Readonly<Record<Risk, number>> & { readonly key: string })[] {
  const counts = new Map<string, number>();
  for (const { key, risk, count } of rows) {
    const name = `${riskOf(risk)} ${key}`;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return keys.map((key) => {
    const of = (risk: Risk): number => counts.get(`${risk} ${key}`) ?? 0;
    return { key, low: of("low"), medium: of("medium"), high: of("high"), unknown: of("unknown") };
  });
}

function riskOf(text: string): Risk {
  return risks.find((risk) => risk === text) ?? "unknown";
}

/** `62 %`; a dash if the whole is 0. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((part / whole) * 100)} %`;
}

/** `3 min 20 s`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function wordSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  const whole = Math.round(seconds);
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const first = units.findIndex(([, size]) => whole >= size);
  if (first === -1) return "0 s";
  let rest = whole;
  return units
    .slice(first, first + 2)
    .flatMap(([unit, size]) => {
      const many = Math.floor(rest / size);
      rest -= many * size;
      return many === 0 ? [] : [`${many} ${unit}`];
    })
    .join(" ");
}
