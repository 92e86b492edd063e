import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { moveCursor, readCursor } from "../chain/cursor.ts";

/** The names of a sink's cursors in the database; no sink's name holds a colon. */
export function cursorNames(sink: string): Readonly<
  Record<"events" | "checkpoints" | "since" | "told", string>
> & {
  /** Exists once this finding on the other side was reported. */
  readonly atOdds: (found: string) => string;
} {
  const events = `sink:${sink}`;
  return {
    events,
    checkpoints: `${events}:checkpoints`,
    /** Its time is when the sink was first followed. */
    since: `${events}:since`,
    /** Odd while the sink is reported as lagging. */
    told: `${events}:told`,
    atOdds: (found) => `${events}:at-odds:${found}`,
  };
}

export type SinkLag = {
  readonly sink: string;
  /** Sealed, and not known to have arrived. */
  readonly events: number;
  /** How long the first of them has waited: since it happened, or since the sink exists. */
  readonly seconds: number;
};

/** Reads how far behind these sinks are, whichever process follows for them. */
export async function readSinkLag(
  db: PrismaClient,
  clock: Clock,
  sinks: readonly string[],
): Promise<readonly SinkLag[]> {
  if (sinks.length === 0) return [];
  return db.$queryRaw<SinkLag[]>`
    select s.sink, greatest(0, h.head - greatest(coalesce(c.sequence, 0), h.retired))::float8 as events,
           case when l.sequence is null or f.moved_at is null then 0
             else greatest(0, extract(epoch from ${clock.now} - greatest(e.at, f.moved_at))) end::float8 as seconds
    from unnest(${[...sinks]}::text[]) as s(sink)
    cross join (select coalesce((select sequence from hallpass_chain_head()), 0) as head,
                       coalesce((select max(last_sequence) from audit_tombstones), 0) as retired) h
    left join audit_cursors c on c.name = 'sink:' || s.sink
    left join audit_cursors f on f.name = 'sink:' || s.sink || ':since'
    left join audit_chain l on l.sequence = greatest(coalesce(c.sequence, 0), h.retired) + 1
    left join audit_events e on e.seq = l.event_seq`;
}

const lagsAfterSeconds = 15 * 60;
const caughtUpWithinSeconds = 60;

/** Reports once that a sink lags, and once that it has caught up, from whichever process sees it first. */
export async function tellSinkLag(
  db: PrismaClient,
  clock: Clock,
  sinks: readonly string[],
  tell: (text: string) => void,
): Promise<void> {
  for (const { sink, events, seconds } of await readSinkLag(db, clock, sinks)) {
    const { told } = cursorNames(sink);
    const times = await readCursor(db, told);
    const isTold = times % 2 === 1;
    const isNews = isTold ? seconds < caughtUpWithinSeconds : seconds > lagsAfterSeconds;
    if (!isNews || !(await moveCursor(db, clock, told, times + 1))) continue;
    tell(
      isTold
        ? `The audit's sink ${sink} has caught up.`
        : `The audit's sink ${sink} is ${Math.floor(seconds / 60)} minutes behind: ${events.toLocaleString("en")} events ` +
            "wait for it. Nothing is lost, and sending is tried on; Hallpass's log says why it fails.",
    );
  }
}
