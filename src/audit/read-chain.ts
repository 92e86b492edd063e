import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { type ChainPlace, placesIn } from "./chain-line.ts";
import { chainedFields } from "./chain.ts";

/** Some 2 MB: what the sockets between hold, so that PostgreSQL writes the next batch while this one is hashed. */
const batchSize = 4_000;

/**
 * The places of the chain from one to another, in order, as they are in the client's transaction; in constant memory. They come in
 * batches: to wait for each would take longer than to verify it.
 */
export async function* readChain(
  client: Client,
  range: { readonly from: number; readonly to: number | undefined },
): AsyncGenerator<Iterable<ChainPlace>> {
  // The form of times; and for so few rows at a time workers cost more than they help.
  await client.query("set local datestyle = 'ISO'; set local max_parallel_workers_per_gather = 0");
  let batch = copyBatch(client, range.from, range.to);
  try {
    for (let lines = await batch; lines.length > 0; lines = await batch) {
      batch = copyBatch(client, lastPlace(lines) + 1, range.to);
      batch.catch(() => undefined);
      yield placesIn(lines);
    }
  } finally {
    // Whoever has seen enough can ask the client for something else.
    await batch.catch(() => undefined);
  }
}

const lineEnd = "\n".charCodeAt(0);

function lastPlace(lines: Buffer): number {
  const from = lines.lastIndexOf(lineEnd, -2) + 1;
  return Number.parseInt(lines.toString("latin1", from), 10);
}

/** `e.at` as it is: to write it as `chainedFields` has it costs the server as much as all other columns together. */
const columns = chainedFields.map(({ name, sql }) => (name === "at" ? "e.at at time zone 'UTC'" : sql));

async function copyBatch(client: Client, from: number, to: number | undefined): Promise<Buffer> {
  const copy = client.query(
    copyTo(
      `copy (select c.sequence, c.hash, ${columns.join(", ")}
       from audit_chain c left join audit_events e on e.seq = c.event_seq
       where c.sequence >= ${from} ${to === undefined ? "" : `and c.sequence <= ${to}`}
       order by c.sequence limit ${batchSize}) to stdout`,
    ),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of copy as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
