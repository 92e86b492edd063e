import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type ChainPlace, placesIn } from "./chain-line.ts";
import { chainedFields } from "./chain.ts";

type Range = { readonly from: number; readonly to: number | undefined };

/** About 2 MB: what the sockets between buffer, so that PostgreSQL writes the next batch while this one is hashed. */
const batchSize = 4_000;

/**
 * Reads a range of the chain in order, as the client's transaction sees it, in constant memory. Places come in batches: waiting for
 * each would take as long as verifying it.
 */
export async function* readChain(client: Client, range: Range): AsyncGenerator<Iterable<ChainPlace>> {
  // Fixes the format of times. For so few rows at a time, parallel workers cost more than they help.
  await client.query(
    "set local datestyle = 'ISO'; set local timezone = 'UTC'; set local max_parallel_workers_per_gather = 0",
  );
  const stretches = stretchesOf(client, range);
  let { value: stretch } = await stretches.next();
  let batch = stretch && copyPlaces(client, stretch);
  try {
    while (batch) {
      const lines = await batch;
      ({ value: stretch } = await stretches.next());
      // Requested before these are handed over: their consumer leaves no time for it.
      batch = stretch && copyPlaces(client, stretch);
      batch?.catch(() => undefined);
      yield placesIn(lines);
    }
  } finally {
    // A consumer that stops early can use the client for something else.
    await batch?.catch(() => undefined);
  }
}

/** Consecutive places, and the range of their events' numbers. */
type Stretch = { readonly from: number; readonly to: number; readonly first: string; readonly last: string };

/** Stretches per query: the next batch waits for each query. */
const stretchesAtOnce = 2;

/** Splits a range into stretches of one batch each. */
async function* stretchesOf(client: Client, { from, to }: Range): AsyncGenerator<Stretch, undefined> {
  let start = from;
  for (;;) {
    const { rows } = await client.query<Stretch>(
      `select min(sequence)::float8 as "from", max(sequence)::float8 as "to",
              min(event_seq)::bigint as first, max(event_seq)::bigint as last
       from (select sequence, event_seq from audit_chain
             where sequence >= $1::bigint and ($2::bigint is null or sequence <= $2)
             order by sequence limit ${batchSize * stretchesAtOnce}) c
       group by (sequence - $1) / ${batchSize} order by 1`,
      [start, to],
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last) return undefined;
    start = last.to + 1;
  }
}

/** The columns as COPY writes them anyway: converting each to text first takes longer. Only the format of times is set by us. */
const columns = chainedFields.map(({ name, sql }) => (name === "at" ? "e.at" : sql.replace(/::\w+$/, "")));

/**
 * Copies the lines of a stretch, in no order. The range on `e.seq` is redundant, but without it PostgreSQL would look up each event
 * separately, which takes as long as everything else it does.
 */
async function copyPlaces(client: Client, { from, to, first, last }: Stretch): Promise<Buffer> {
  const copy = client.query(
    copyTo(
      `copy (select c.sequence, c.hash, ${columns.join(", ")}
       from audit_chain c left join audit_events e on e.seq = c.event_seq and e.seq between ${first} and ${last}
       where c.sequence between ${from} and ${to}) to stdout`,
    ),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of copy as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
