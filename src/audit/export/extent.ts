import { exportLockClass } from "../../persistence/database/advisory-locks.ts";
import { setTimeout } from "node:timers/promises";
import type { Client } from "pg";
import { z } from "zod";

/** What the first run of an export fixes for the runs that resume it: which events belong to it, and what its proof says of them. */
export type ExportExtent = z.infer<typeof ExportExtent>;
export const ExportExtent = z.strictObject({
  /** The last event that may belong to it. */
  last: z.strictObject({ seq: z.number().int().positive(), id: z.uuid() }),
  /** The people that the `user` filter names. Once they are erased, nothing else finds them. */
  persons: z.array(z.number().int()),
  head: z.strictObject({ sequence: z.number().int().nonnegative(), hash: z.string() }),
  at: z.iso.datetime(),
  /** The last place of the chain that was retired. */
  retired: z.number().int().nonnegative(),
});

/** An export cannot be started or resumed; the message is for an operator. */
export class ExportExtentError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ExportExtentError";
  }
}

const pollMs = 20;
const patienceMs = 60_000;
const lockMs = 10_000;

/**
 * Returns the last event, once no earlier one can appear any more: events become visible out of numbering order, and a transaction
 * about to write one holds a lock on the table. Call it outside a transaction.
 */
export async function settleLastEvent(client: Client): Promise<ExportExtent["last"]> {
  const { rows } = await client.query<{ seq: number; id: string }>(
    "select e.seq::float8 as seq, e.id from audit_events e order by e.seq desc limit 1",
  );
  const [last] = rows;
  if (!last) throw new ExportExtentError("there is no event");
  let writers = await readWriters(client);
  for (const until = performance.now() + patienceMs; writers.length > 0;) {
    if (performance.now() > until)
      throw new ExportExtentError(
        `somebody has been writing events for ${patienceMs / 1_000} seconds without an end (database process ` +
          `${writers.map(({ pid }) => pid).join(", ")}), so it is not sure which belong to it; end that, or export to standard output`,
      );
    await setTimeout(pollMs);
    const still = new Set((await readWriters(client)).map(({ transaction }) => transaction));
    writers = writers.filter(({ transaction }) => still.has(transaction));
  }
  return last;
}

type WriterOfEvents = { readonly transaction: string; readonly pid: number | null };

async function readWriters(client: Client): Promise<readonly WriterOfEvents[]> {
  const { rows } = await client.query<WriterOfEvents>(
    `select distinct virtualtransaction as transaction, pid from pg_locks
     where locktype = 'relation' and mode = 'RowExclusiveLock' and granted and relation = 'audit_events'::regclass
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows;
}

/** Throws unless all that belongs to an export is still there. Expects a transaction that reads one snapshot. */
export async function insistOnExtent(client: Client, { last, retired }: ExportExtent): Promise<void> {
  const { rows } = await client.query<{ id: string }>("select id from audit_events where seq = $1", [
    last.seq,
  ]);
  if ((await readRetired(client)) !== retired)
    throw new ExportExtentError("events were retired since it was begun; delete it and begin anew");
  if (rows[0]?.id !== last.id)
    throw new ExportExtentError(
      "it was begun with another database; give that one, or delete it and begin anew",
    );
}

/** The last place of the chain that was retired; 0 when none was. */
export async function readRetired(client: Client): Promise<number> {
  const { rows } = await client.query<{ retired: number }>(
    "select coalesce(max(last_sequence), 0)::float8 as retired from audit_tombstones",
  );
  return rows[0]?.retired ?? 0;
}

/** Locks an export for the rest of the transaction, so that only one run at a time writes it. */
export async function lockExport(client: Client, number: number): Promise<void> {
  for (const until = performance.now() + lockMs; ;) {
    const { rows } = await client.query<{ taken: boolean }>(
      "select pg_try_advisory_xact_lock($1, $2) as taken",
      [exportLockClass, number],
    );
    if (rows[0]?.taken === true) return;
    if (performance.now() > until) break;
    await setTimeout(pollMs);
  }
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and granted",
    [exportLockClass, number],
  );
  throw new ExportExtentError(
    `another run is still writing it, or the database has not noticed yet that it is gone; wait, or end it there with select pg_terminate_backend(${rows[0]?.pid})`,
  );
}
