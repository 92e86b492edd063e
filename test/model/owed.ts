import type pg from "pg";
import { z } from "zod";

/** What is owed now, seen past Hallpass. */
export type Owed = {
  /** Could be done at once. */
  readonly runnable: number;
  /** Being done. */
  readonly claimed: number;
  /** Due and not done, for whatever reason. */
  readonly overdue: number;
  /** Not done, due or not; but that break-glass waits for its review, which people owe. */
  readonly all: number;
};

const Numbers = z.object({
  runnable: z.number(),
  claimed: z.number(),
  overdue: z.number(),
  all: z.number(),
});

/** `offset`: how far the world's clock is ahead of the machine's, in milliseconds. */
export async function readOwed(db: pg.Pool, offset: number): Promise<Owed> {
  const { rows } = await db.query(
    `with clock as (select statement_timestamp() + $1::float8 * interval '1 millisecond' as now)
     select count(*) filter (where e.kind <> 'check_review' or e.due_at <= now)::int as "all",
       count(*) filter (where e.due_at <= now)::int as overdue,
       count(*) filter (where e.locked_until > statement_timestamp())::int as claimed,
       count(*) filter (where greatest(e.due_at, e.retry_at) <= now
         and (e.locked_until is null or e.locked_until <= statement_timestamp())
         and not exists (select from effects o where o.lane = e.lane and o.id <> e.id and o.done_at is null
           and ((o.seq < e.seq and o.due_at <= now) or o.locked_until > statement_timestamp())))::int as runnable
     from effects e, clock where e.done_at is null`,
    [offset],
  );
  return Numbers.parse(rows[0]);
}

/** The same in words. */
export async function readOwes(db: pg.Pool): Promise<readonly string[]> {
  const { rows } = await db.query<{ line: string }>(
    `select format('%s of AR-%s: due %s, %s attempts, again %s, %s', e.kind, r.number, e.due_at, e.attempts,
                   coalesce(e.retry_at::text, 'at once'), coalesce(e.last_error, 'no error')) as line
     from effects e join access_requests r on r.id = e.request_id where e.done_at is null order by e.seq limit 50`,
  );
  return rows.map(({ line }) => line);
}
