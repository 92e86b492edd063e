import { performance } from "node:perf_hooks";
import { type OverdueEvent, type OverdueTold, overdueEvent, overdueStep } from "../domain/grant/overdue.ts";
import type { AccessRequest } from "../domain/request/request.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Logger } from "../logger.ts";
import { recordEvent } from "../persistence/audit.ts";
import type { Clock } from "../persistence/database/clock.ts";
import {
  claimTelling,
  type LateGrant,
  type OverduePlace,
  readLastFailure,
  readLate,
  recordOverdue,
  recordTold,
} from "../persistence/requests/overdue.ts";
import { readState } from "../persistence/requests/requests.ts";
import { runInLoop } from "../loop.ts";

export type WatchdogDeps = {
  /** Its own connections: what holds up the worker must not hold up the watchdog. */
  readonly db: PrismaClient;
  readonly clock: Clock;
  /** `mayStand`: an earlier attempt may have posted the message. */
  readonly tell: (
    request: AccessRequest,
    event: OverdueEvent,
    place: OverduePlace,
    mayStand: boolean,
  ) => Promise<OverdueTold>;
  readonly onLook: (count: number, oldestSeconds: number) => void;
  readonly log: Logger;
};

export type Watchdog = {
  /** Looks now, after a clock was moved. */
  look(): void;
  stop(): Promise<void>;
};

/** A message that may have been posted, and could not be checked, is checked again after this. */
const askAgainSeconds = 10;
/** Longest pause between two looks. */
const maxPauseMs = 10_000;
/**
 * Access must be late for this long by this machine's own time too before it is called overdue: after a start, or when
 * a clock was moved, the worker is just about to catch up.
 */
const patienceMs = 3_000;

/**
 * Announces access that should be gone and is not. Independent of the worker that revokes: it uses no queue, no effect
 * and its own connections, so it also notices when nothing is being done.
 *
 * Each step of lateness is recorded once, by whichever process sees it first, and announced once. What could not be
 * announced is announced when Slack is back, but only the latest step.
 */
export function startWatchdog(deps: WatchdogDeps): Watchdog {
  const firstSeen = new Map<string, number>();
  let telling: Promise<void> | undefined;
  const loop = runInLoop(
    async (_asked, stopping) => {
      const { unsaid, pause } = await lookOnce(deps, firstSeen);
      // Slack may be slow; the next look does not wait for it.
      if (unsaid.length > 0) {
        telling ??= tellAll(deps, unsaid, stopping)
          .catch((error: unknown) => deps.log.error({ err: error }, "overdue access could not be told"))
          .finally(() => (telling = undefined));
      }
      return pause;
    },
    { log: deps.log, fault: "the watchdog could not look for overdue access" },
  );
  return {
    look: () => loop.now(),
    async stop() {
      await loop.stop();
      await telling;
    },
  };
}

/**
 * One look: records access that has reached a further step; returns what is to be said, and the milliseconds until the
 * next look.
 */
async function lookOnce(
  deps: WatchdogDeps,
  firstSeen: Map<string, number>,
): Promise<{ readonly unsaid: readonly LateGrant[]; readonly pause: number }> {
  const late = await readLate(deps.db, deps.clock);
  const present = performance.now();
  const ids = new Set(late.map(({ grantId }) => grantId));
  for (const id of firstSeen.keys()) if (!ids.has(id)) firstSeen.delete(id);
  let pause = maxPauseMs;
  const unsaid: LateGrant[] = [];
  for (const one of late) {
    const seenAt = firstSeen.get(one.grantId) ?? present;
    firstSeen.set(one.grantId, seenAt);
    const patience = one.step > 0 ? 0 : seenAt + patienceMs - present;
    if (one.isOverdue && patience > 0) pause = Math.min(pause, patience);
    const isFurther = one.isOverdue && patience <= 0 && (await recordStep(deps, one));
    if (isFurther || !one.isSaid) unsaid.push(one);
  }
  const overdue = late.filter(({ isOverdue }) => isOverdue);
  deps.onLook(overdue.length, overdue[0]?.lateSeconds ?? 0);
  return { unsaid, pause };
}

/** Records a further step; whether this look was the first to see it. */
async function recordStep(deps: WatchdogDeps, late: LateGrant): Promise<boolean> {
  const step = overdueStep(late.lateSeconds);
  if (step <= late.step) return false;
  const { request, event } = await describe(deps, late, step);
  if (!(await recordOverdue(deps.db, request, event))) return false;
  deps.log.error(
    { request: request.number, grant: late.grantId, ...event.data },
    "access should have ended and is not proven gone",
  );
  return true;
}

async function describe(
  { db, clock }: WatchdogDeps,
  late: LateGrant,
  step: number,
): Promise<{
  readonly request: AccessRequest;
  readonly event: ReturnType<typeof overdueEvent>;
}> {
  const [read, failure] = await Promise.all([
    readState(db, clock, late.requestId),
    readLastFailure(db, late),
  ]);
  if (!read) throw new Error(`grant ${late.grantId} is of no request`);
  const { state, now } = read;
  const lateSeconds = (now.getTime() - late.since.getTime()) / 1000;
  const event = overdueEvent(state, late.grantId, { since: late.since, lateSeconds, step, now, failure });
  return { request: state.request, event };
}

async function tellAll(
  deps: WatchdogDeps,
  unsaid: readonly LateGrant[],
  stopping: AbortSignal,
): Promise<void> {
  for (const late of unsaid) {
    if (stopping.aborted || (await tellOne(deps, late)) === "away") return;
  }
}

/** Says the latest step of one grant wherever it was not said yet. */
async function tellOne(deps: WatchdogDeps, late: LateGrant): Promise<"done" | "away"> {
  const claim = await claimTelling(deps.db, late.grantId);
  if (!claim) return "done";
  const settled: OverduePlace[] = [];
  let doubtSeconds: number | undefined = claim.mayStand ? askAgainSeconds : undefined;
  try {
    const { request, event } = await describe(deps, late, claim.step);
    for (const place of claim.places) {
      const told = await deps.tell(request, event, place, claim.mayStand);
      if (told.outcome === "later") {
        deps.log.warn(
          { why: told.why, place, ...event.data },
          "overdue access could not be told; it will be",
        );
        if (told.doubtSeconds !== undefined) doubtSeconds = Math.max(doubtSeconds ?? 0, told.doubtSeconds);
        if (told.isAway) return "away";
        continue;
      }
      if (told.outcome === "never") await recordSilence(deps, request, event, place, told.why);
      settled.push(place);
    }
    return "done";
  } finally {
    const isSaid = settled.length === claim.places.length;
    await recordTold(deps.db, late.grantId, claim, settled, isSaid ? undefined : doubtSeconds);
  }
}

/** Records and logs that a place can't be told, whatever is tried. */
async function recordSilence(
  deps: WatchdogDeps,
  request: AccessRequest,
  event: OverdueEvent,
  place: OverduePlace,
  error: string,
): Promise<void> {
  deps.log.error({ place, error, ...event.data }, "overdue access cannot be told there");
  const { channel, alerts } = request.terms;
  await recordEvent(
    deps.db,
    {
      type: "message.failed",
      at: event.at,
      actor: { kind: "hallpass" },
      ...(event.grantId !== undefined && { grantId: event.grantId }),
      data: { kind: "overdue", channel: place === "alerts" ? alerts : channel, error },
    },
    { request, dedupeKey: `message.failed overdue ${event.grantId} ${event.data.step} ${place}` },
  );
}
