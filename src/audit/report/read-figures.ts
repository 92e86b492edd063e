import type { Client, QueryResultRow } from "pg";
import { type PersonalDirectory, readPersonalDirectory } from "../../persistence/personal/directory.ts";
import type { Verification } from "../verify/verify.ts";
import {
  type AccessEnd,
  byRisk,
  countsByType,
  type DriftType,
  driftTypes,
  type Figures,
  type Listed,
  type ProviderDrift,
  type RuleUse,
  waitBuckets,
  weeksOfRequests,
} from "./figures.ts";
import { type Period, weeksOf } from "./period.ts";
import * as queries from "./queries.ts";
import { withSnapshot } from "../chain/snapshot.ts";

/** Counts what happened in a period, from one snapshot. The database aggregates, so memory does not grow with the log. */
export async function readFigures(
  { databaseUrl }: { readonly databaseUrl: string },
  asked: { readonly period: Period; readonly zoneNote: string; readonly verification: Verification },
): Promise<Figures> {
  return withSnapshot({ databaseUrl, name: "hallpass audit report" }, async (client) => {
    const directory = await readPersonalDirectory(client);
    return readIn(createReader(client, directory, asked.period), asked);
  });
}

type Reader = {
  /** Rows with all tokens opened; `more`: parameters after the period's two ends. */
  readonly rows: <T extends QueryResultRow>(
    sql: string,
    ...more: readonly unknown[]
  ) => Promise<readonly T[]>;
  readonly listed: <T extends QueryResultRow>(sql: string) => Promise<Listed<T>>;
};

function createReader(client: Client, directory: PersonalDirectory, { from, until }: Period): Reader {
  const rows: Reader["rows"] = async <T extends QueryResultRow>(sql: string, ...more: readonly unknown[]) => {
    const read = await client.query<T>(sql, [from, until, ...more]);
    // Opening changes only texts, never the shape.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return read.rows.map((row) => opened(row, directory) as T);
  };
  return {
    rows,
    listed: async <T extends QueryResultRow>(sql: string): Promise<Listed<T>> => {
      const read = await rows<T & { readonly total: number }>(sql);
      return { rows: read, total: read[0]?.total ?? 0 };
    },
  };
}

/** NULL becomes `undefined`. */
function opened(row: QueryResultRow, directory: PersonalDirectory): QueryResultRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, directory.openAll(value ?? undefined)]),
  );
}

type Counted = { readonly key: string; readonly risk: string; readonly count: number };

async function readIn(
  { rows, listed }: Reader,
  { period, zoneNote, verification }: Parameters<typeof readFigures>[1],
): Promise<Figures> {
  const weeks = weeksOf(period);
  const types = await rows<{ week: string; type: string; count: number }>(
    queries.byWeekAndType,
    period.timeZone,
  );
  const resources = await rows<Counted>(queries.accessByResource);
  const [resourceCount] = await rows<{ total: number }>(queries.resourceCount);
  const weeksByRisk = byRisk(weeks, await rows<Counted>(queries.accessByWeek, period.timeZone));
  const [held] = await rows<{ held: number; given: number }>(queries.standing);
  const ends = await rows<AccessEnd & { readonly hours: number }>(queries.ends);
  const drift = await rows<{ provider: string; type: DriftType; count: number }>(queries.drift, driftTypes);
  const [chain] = await rows<{ first?: number; last?: number; unsealed: number }>(queries.chainPlaces);
  const rules = await listed<RuleUse & { readonly named: number }>(queries.byRule);
  return {
    period,
    zoneNote,
    madeAt: await now(rows),
    counts: countsByType(types),
    weeks: weeksOfRequests(weeks, types),
    ...(await readApprovals(rows)),
    weeksByRisk: weeksByRisk.map(({ key, ...counts }) => ({ week: key, ...counts })),
    resources: {
      rows: byRisk([...new Set(resources.map(({ key }) => key))], resources)
        .slice(0, 20)
        .map(({ key, ...counts }) => ({ resource: key, ...counts })),
      total: resourceCount?.total ?? 0,
    },
    people: await listed(queries.accessByPerson),
    ruleCount: rules.rows[0]?.named ?? 0,
    rules: {
      ...rules,
      rows: rules.rows.map((row) => Object.assign(row, { rule: row.rule ?? "no rule matched" })),
    },
    standing: {
      justInTime: held?.given ?? 0,
      alreadyHeld: held?.held ?? 0,
      hoursHeld: ends.reduce((sum, { hours }) => sum + hours, 0),
    },
    ends,
    breakGlass: await listed(queries.breakGlass),
    overdue: await listed(queries.overdue),
    refusedClicks: await rows(queries.refusedClicks),
    ownRequests: await listed(queries.ownRequests),
    flagKinds: await rows(queries.flagKinds),
    flags: await listed(queries.flags),
    drift: driftByProvider(drift),
    driftFindings: await listed(queries.driftFindings),
    chain: { verification, first: chain?.first, last: chain?.last, unsealed: chain?.unsealed ?? 0 },
  };
}

async function readApprovals(rows: Reader["rows"]): Promise<Pick<Figures, "approvedBy" | "waits">> {
  const bounded = waitBuckets.map(({ belowSeconds }) => belowSeconds).filter(Number.isFinite);
  const [read] = await rows<{
    by_rule: number;
    by_people: number;
    percentiles?: readonly number[];
    below: readonly number[];
  }>(queries.approvals(bounded));
  const people = read?.by_people ?? 0;
  const below = [...(read?.below ?? []), people];
  return {
    approvedBy: { people, rule: read?.by_rule ?? 0 },
    waits: {
      count: people,
      medianSeconds: read?.percentiles?.[0],
      p95Seconds: read?.percentiles?.[1],
      histogram: below.map((count, index) => count - (below[index - 1] ?? 0)),
    },
  };
}

function driftByProvider(
  rows: readonly { readonly provider: string; readonly type: DriftType; readonly count: number }[],
): readonly ProviderDrift[] {
  return [...new Set(rows.map(({ provider }) => provider))].map((provider) => {
    const of = (wanted: DriftType): number =>
      rows.find((row) => row.provider === provider && row.type === wanted)?.count ?? 0;
    return {
      provider,
      "drift.found": of("drift.found"),
      "drift.adopted": of("drift.adopted"),
      "drift.removed": of("drift.removed"),
      "drift.removal_failed": of("drift.removal_failed"),
      "drift.gone": of("drift.gone"),
      "grant.reappeared": of("grant.reappeared"),
      "grant.vanished": of("grant.vanished"),
      "grant.came_back": of("grant.came_back"),
    };
  });
}

async function now(rows: Reader["rows"]): Promise<Date> {
  const [read] = await rows<{ now: Date }>("select now() as now where $1::timestamptz < $2::timestamptz");
  return read?.now ?? new Date();
}
