import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/**
 * The floor of punctuality: one table of times, one connection that takes what is due and sleeps until the next is.
 * Milliseconds that each was late.
 */
export async function bareSweep(url: string, count: number, seconds: number): Promise<readonly number[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `create table bare (id int primary key, due_at timestamptz not null, done_at timestamptz)`,
  );
  await client.query(
    `insert into bare select n, clock_timestamp() + (1 + $2::float8 * n / $1::int) * interval '1 second'
     from generate_series(1, $1::int) n`,
    [count, seconds],
  );
  await client.query("create index on bare (due_at) where done_at is null");
  await client.query("analyze bare");
  const late: number[] = [];
  while (late.length < count) {
    const { rows } = await client.query<{ ms: number }>(
      `update bare set done_at = clock_timestamp()
       where id in (select id from bare where done_at is null and due_at <= clock_timestamp()
                    order by due_at limit 200 for update skip locked)
       returning extract(epoch from done_at - due_at)::float8 * 1000 as ms`,
    );
    late.push(...rows.map(({ ms }) => ms));
    const next = await client.query<{ ms: number | null }>(
      "select extract(epoch from min(due_at) - clock_timestamp())::float8 * 1000 as ms from bare where done_at is null",
    );
    await sleep(Math.max(0, next.rows[0]?.ms ?? 0));
  }
  await client.end();
  return late;
}
