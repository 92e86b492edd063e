import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type ChainPlace, placesIn } from "./chain-line.ts";
import { chainedFields } from "./chain.ts";

type Range = { readonly from: number; readonly to: number | undefined };

/** Some 2 MB: what the sockets between hold, so that PostgreSQL writes the next batch while this one is hashed. */
const batchSize = 4_000;

/**
 * The places of the chain from one to another, in order, as they are in the client's transaction; in constant memory. They come in
 * batches: to wait for each would take as long as to verify it.
 */
export async function* readChain(client: Client, range: Range): AsyncGenerator<Iterable<ChainPlace>> {
  // The form of times; and for so few rows at a time workers cost more than they help.
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
      // Asked for before these are handed over: whoever takes them leaves no time for it.
      batch = stretch && copyPlaces(client, stretch);
      batch?.catch(() => undefined);
      yield placesIn(lines);
    }
  } finally {
    // Whoever has seen enough can ask the client for something else.
    await batch?.catch(() => undefined);
  }
}

/** Places that follow one another, and the numbers between which those of their events are. */
type Stretch = { readonly from: number; readonly to: number; readonly first: string; readonly last: string };

/** Each question is one that the next batch waits for. */
const stretchesAtOnce = 2;

/** The places of a range in stretches of a batch each. */
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

/** As COPY writes them anyway: to make a text of each first takes longer. Of times, only the form is ours. */
const columns = chainedFields.map(({ name, sql }) => (name === "at" ? "e.at" : sql.replace(/::\w+$/, "")));

/**
 * The lines of a stretch, in no order. That events are looked for between two numbers says nothing new, but PostgreSQL would
 * look for each by itself, which takes as long as all else that it does.
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
