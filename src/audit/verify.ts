import { Client } from "pg";
import { z } from "zod";
import { beginning } from "./chain.ts";
import { Checkpoint, checkpointColumns, checkpointFault } from "./checkpoint.ts";
import { linkHashOfBytes, readChain, type SealedEvent } from "./read-chain.ts";
import type { PublicKey } from "./signing-key.ts";

export type VerifyOptions = {
  /** The first and the last place that are looked at; the whole chain unless told. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** What was published; those in the database are looked at besides. */
  readonly published?: readonly Checkpoint[];
  /** Whose signatures count. */
  readonly keys: readonly PublicKey[];
  readonly onProgress?: (verified: number) => void;
};

export type Verification = {
  /** How many events were recomputed. */
  readonly verified: number;
  /** The last place that was looked at, and its hash; absent when there was none. */
  readonly head?: { readonly sequence: number; readonly hash: string };
  readonly checkpoints: number;
  /** Events that are not in the chain yet. */
  readonly unsealed: number;
  /** What is wrong, the first first; nothing when the audit is as it was written. */
  readonly faults: readonly string[];
};

/** One forged row makes all later ones look wrong only when the chain was not written anew; more than this helps nobody. */
const mostFaults = 10;

/** Sealing takes seconds. What is sealed, or still not sealed, so much later was not there at its time. */
const lateMs = 10 * 60_000;

/** Of a time as people have them: nothing is later than `infinity`, so that it would hide whatever is. */
const isoLength = "2026-03-03T09:00:00.000Z".length;

/**
 * Recomputes the chain from what the database holds and compares it with the hashes there and with checkpoints. Reads in one
 * snapshot, in constant memory.
 */
export async function verifyChain(
  { databaseUrl }: { readonly databaseUrl: string },
  options: VerifyOptions,
): Promise<Verification> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: "hallpass audit verify",
  });
  // A connection lost between two queries is told by the next query.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("begin transaction isolation level repeatable read read only");
    return await verifyIn(client, options);
  } finally {
    await client.end();
  }
}

async function verifyIn(client: Client, options: VerifyOptions): Promise<Verification> {
  const { from = 1, to, keys, published = [] } = options;
  const faults: string[] = [];
  const checkpoints = await checkpointsIn(client, published, keys, faults);
  const expected = new Map(checkpoints.map((checkpoint) => [checkpoint.sequence, checkpoint]));

  let sequence = from - 1;
  let hash = from === 1 ? beginning : await hashAt(client, from - 1);
  let verified = 0;
  // Times in one form are in the order of their texts.
  let latestAt = "";
  let head: Verification["head"];
  for await (const { place, hash: stored, event } of readChain(client, { from, to })) {
    const isNext = place === sequence + 1;
    if (!isNext) faults.push(missing(sequence + 1, place - 1));
    const previous = isNext ? hash : undefined;
    if (!event) faults.push(`place ${place}: its event is gone from audit_events; it was deleted`);
    else if (previous !== undefined && linkHashOfBytes(previous, event.record) !== stored)
      faults.push(
        `place ${place}: ${wordEvent(event)} is not what was sealed there; it was changed, or exchanged`,
      );
    else if (event.at < latestAt && Date.parse(event.at) < Date.parse(latestAt) - lateMs)
      faults.push(
        `place ${place}: ${wordEvent(event)} was sealed long after its time; it was inserted later`,
      );
    if (event && event.at.length === isoLength && event.at > latestAt) latestAt = event.at;
    const checkpoint = expected.get(place);
    if (checkpoint && checkpoint.hash !== stored)
      faults.push(
        `place ${place}: the checkpoint of ${checkpoint.at} says ${checkpoint.hash.slice(0, 16)}… and the chain ` +
          `${stored.slice(0, 16)}…; the chain was written anew`,
      );
    hash = stored;
    sequence = place;
    head = { sequence, hash };
    verified += 1;
    if (verified % 10_000 === 0) options.onProgress?.(verified);
    if (faults.length >= mostFaults) break;
  }
  if (faults.length < mostFaults && to !== undefined && sequence < to) faults.push(missing(sequence + 1, to));
  if (to === undefined && faults.length < mostFaults) {
    for (const { sequence: place, at } of checkpoints)
      if (place > sequence)
        faults.push(
          `the chain ends at place ${sequence}, and a checkpoint of ${at} knew ${place}; its end was cut off`,
        );
  }
  const unsealed = await unsealedIn(client, Date.parse(latestAt), faults);
  return {
    verified,
    ...(head && { head }),
    checkpoints: checkpoints.length,
    unsealed,
    faults: faults.slice(0, mostFaults),
  };
}

async function checkpointsIn(
  client: Client,
  published: readonly Checkpoint[],
  keys: readonly PublicKey[],
  faults: string[],
): Promise<readonly Checkpoint[]> {
  const { rows } = await client.query(`select ${checkpointColumns} from audit_checkpoints order by sequence`);
  const all = [
    ...published.map((checkpoint) => ({ checkpoint, of: "published" })),
    ...z
      .array(Checkpoint)
      .parse(rows)
      .map((checkpoint) => ({ checkpoint, of: "stored" })),
  ];
  return all.flatMap(({ checkpoint, of }) => {
    const fault = checkpointFault(checkpoint, keys);
    if (fault === undefined) return [checkpoint];
    faults.push(`the ${of} checkpoint of place ${checkpoint.sequence} does not count: ${fault}`);
    return [];
  });
}

async function hashAt(client: Client, sequence: number): Promise<string> {
  const { rows } = await client.query<{ hash: string }>("select hash from audit_chain where sequence = $1", [
    sequence,
  ]);
  return rows[0]?.hash ?? "";
}

/** Counts what is not sealed yet; what should have been long ago is a fault. */
async function unsealedIn(client: Client, latestMs: number, faults: string[]): Promise<number> {
  const { rows } = await client.query<{
    count: string;
    id: string | null;
    type: string | null;
    at: Date | null;
  }>(
    `select count(*) over () as count, e.id, e.type, e.at from audit_events e
     where not exists (select from audit_chain c where c.event_seq = e.seq) order by e.at limit 1`,
  );
  const [first] = rows;
  if (first?.at && first.at.getTime() < latestMs - lateMs)
    faults.push(
      `${first.type} (event ${first.id}) is not in the chain, though later events are; it was inserted later`,
    );
  return Number(first?.count ?? 0);
}

function wordEvent({ type, id, at }: SealedEvent): string {
  return `${type} of ${at} (event ${id})`;
}

function missing(first: number, last: number): string {
  return first === last
    ? `place ${first} is missing; it was deleted`
    : `places ${first} to ${last} are missing; they were deleted`;
}
