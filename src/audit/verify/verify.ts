import type { Client } from "pg";
import { z } from "zod";
import { beginning } from "../chain/chain.ts";
import { Checkpoint, checkpointColumns, checkpointFault } from "../chain/checkpoint.ts";
import { wordMissing } from "../chain/fault-words.ts";
import type { PublicKey } from "../chain/signing-key.ts";
import { type SnapshotAt, withSnapshot } from "../chain/snapshot.ts";
import { readTombstones, type Tombstone, tombstoneFaults } from "../retention/tombstone.ts";
import type { Unbound } from "../chain/unbound.ts";
import { verifyArchives } from "./verify-archives.ts";
import { createWitness } from "./verify-people.ts";
import { verifyParallel } from "./verify-parallel.ts";
import { againstCheckpoint, isLate, mostFaults } from "./verify-places.ts";
import { storedFaults } from "./verify-stored.ts";

export type VerifyOptions = {
  /** The first and the last place to check; the whole chain by default. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Published checkpoints; those in the database are checked too. */
  readonly published?: readonly Checkpoint[];
  /** The directory with what was retired; not checked by default. */
  readonly archive?: string | undefined;
  /** Keys whose signatures count. */
  readonly keys: readonly PublicKey[];
  /** Number of threads; as many as are worthwhile by default. */
  readonly threads?: number;
  readonly onProgress?: (verified: number) => void;
};

export type Verification = {
  /** How many events were recomputed. */
  readonly verified: number;
  /** The last place checked, and its hash; absent if there was none. */
  readonly head?: { readonly sequence: number; readonly hash: string };
  readonly checkpoints: number;
  /** The tombstones that stand for retired places. */
  readonly tombstones: readonly Tombstone[];
  /** How many checkpoints are for retired places, and so were not compared. */
  readonly uncompared: number;
  /** Events that are not in the chain yet. */
  readonly unsealed: number;
  /** Events whose id Hallpass did not make at the time they claim, and the place of the first; no fault by itself. */
  readonly oddIds: { readonly count: number; readonly first: number | null };
  /** Events from before the chain proved that much: it now binds rows outside it. */
  readonly unbound: Unbound;
  /** Set if a range was asked for and none of its places was there to check: where the chain ends, and up to where it was retired. */
  readonly outside?: { readonly end: number; readonly retiredTo: number };
  /** What is wrong, in order; empty if the audit is as it was written. */
  readonly faults: readonly string[];
};

/** A machine's clock that is further ahead than this is worth reporting. */
export const clockSecondsAhead = 120;

/**
 * Recomputes the chain from what the database holds, and compares it with the hashes there and with checkpoints. Reads one
 * snapshot, in constant memory.
 */
export async function verifyChain(
  { databaseUrl }: { readonly databaseUrl: string },
  options: VerifyOptions,
): Promise<Verification> {
  const at = { databaseUrl, name: "hallpass audit verify" };
  return withSnapshot(at, (client) => verifyIn(client, at, options));
}

async function verifyIn(client: Client, at: SnapshotAt, options: VerifyOptions): Promise<Verification> {
  const { to, keys, published = [], archive, threads } = options;
  const faults: string[] = [];
  const checkpoints = await checkpointsIn(client, published, keys, faults);
  const expected = new Map(checkpoints.map((checkpoint) => [checkpoint.sequence, checkpoint]));
  const tombstones = await readTombstones(client);
  const forged = tombstoneFaults(tombstones, keys);
  faults.push(...forged, ...(await remainsIn(client, tombstones)));
  const retired = tombstones.at(-1) ?? { to: 0, hash: beginning };
  for (const { to: place, hash: stored } of tombstones)
    faults.push(...againstCheckpoint(expected.get(place), stored));
  const archived =
    archive === undefined
      ? undefined
      : await verifyArchives(archive, tombstones, {
          keys,
          checkpoints,
          witness: await createWitness(client, { ofRetired: true }),
        });
  faults.push(...(archived?.faults ?? []));

  // Retired places are not there to be checked.
  const from = Math.max(options.from ?? 1, retired.to + 1);
  // Before the settings for reading the chain are made: PostgreSQL may share this among its workers.
  const stored = await storedFaults(client);
  let told = 0;
  const places = await verifyParallel(
    client,
    {
      at,
      places: {
        from,
        to,
        previousHash: from === retired.to + 1 ? retired.hash : await hashAt(client, from - 1),
        // A forged tombstone must not make everything after it look late.
        latestAt: (forged.length === 0 ? tombstones.at(-1)?.lastAt : undefined) ?? "",
        isBound: false,
        checkpoints,
      },
      threads,
    },
    (more) => options.onProgress?.((told += more)),
  );
  const { verified, head, latestAt, unbound } = places;
  const sequence = head?.sequence ?? from - 1;
  faults.push(...places.faults.map(({ text }) => text));
  faults.push(...stored);
  if (faults.length < mostFaults && to !== undefined && sequence < to)
    faults.push(wordMissing(sequence + 1, to));
  if (to === undefined && faults.length < mostFaults) {
    for (const { sequence: place, at: signedAt } of checkpoints)
      if (place > sequence)
        faults.push(
          `the chain ends at place ${sequence}, and a checkpoint of ${signedAt} knew ${place}; its end was cut off`,
        );
  }
  const unsealed = await unsealedIn(client, latestAt, faults);
  const oddIds = await oddIdsIn(client, from, to);
  const isRange = options.from !== undefined || to !== undefined;
  const isInArchive = (archived?.verified ?? 0) > 0 && (options.from ?? 1) <= retired.to;
  const isOutside = isRange && verified === 0 && !isInArchive;
  return {
    verified: verified + (archived?.verified ?? 0),
    tombstones,
    uncompared: archive === undefined ? checkpoints.filter(isWithin(tombstones)).length : 0,
    ...(head && { head }),
    ...(isOutside && { outside: { end: await endOf(client, retired.to), retiredTo: retired.to } }),
    checkpoints: checkpoints.length,
    unsealed,
    oddIds,
    unbound,
    faults: faults.slice(0, mostFaults),
  };
}

/** Whether a checkpoint is for a retired place that no tombstone ends with. */
function isWithin(tombstones: readonly Tombstone[]): (checkpoint: Checkpoint) => boolean {
  return ({ sequence }) => tombstones.some(({ from, to }) => from <= sequence && sequence < to);
}

/** Retiring places deletes them, so one that is still there shows a forged tombstone. */
async function remainsIn(client: Client, tombstones: readonly Tombstone[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ place: string }>(
    "select min(sequence)::text as place from audit_chain having min(sequence) <= $1",
    [tombstones.at(-1)?.to ?? 0],
  );
  return rows.map(
    ({ place }) =>
      `place ${place} is there, though a tombstone says that it was retired; the tombstone was forged`,
  );
}

async function checkpointsIn(
  client: Client,
  published: readonly Checkpoint[],
  keys: readonly PublicKey[],
  faults: string[],
): Promise<readonly Checkpoint[]> {
  const { rows } = await client.query(
    `select ${checkpointColumns} from audit_checkpoints k order by sequence`,
  );
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

/** The last place of the chain, retired or not; 0 when it has none. */
async function endOf(client: Client, retiredTo: number): Promise<number> {
  const { rows } = await client.query<{ last: number | null }>(
    "select max(sequence)::float8 as last from audit_chain",
  );
  return rows[0]?.last ?? retiredTo;
}

async function hashAt(client: Client, sequence: number): Promise<string> {
  const { rows } = await client.query<{ hash: string }>("select hash from audit_chain where sequence = $1", [
    sequence,
  ]);
  return rows[0]?.hash ?? "";
}

const OddIds = z.object({ count: z.number(), first: z.number().nullable() });

/**
 * Hallpass makes an event's id (UUID v7, RFC 9562) as it writes the event, by the clock of its machine, which may be wrong. So this
 * proves nothing; but somebody who writes a row by hand and backdates it has to think of it.
 */
async function oddIdsIn(
  client: Client,
  from: number,
  to: number | undefined,
): Promise<Verification["oddIds"]> {
  const { rows } = await client.query(
    `select count(*)::float8 as count, min(place)::float8 as first
     from (select c.sequence as place, e.at, replace(e.id::text, '-', '') as id
           from audit_chain c join audit_events e on e.seq = c.event_seq
           where c.sequence >= $1::bigint and ($2::bigint is null or c.sequence <= $2)) made
     where substr(id, 13, 1) <> '7' or (isfinite(at) and
       ('x' || substr(id, 1, 12))::bit(48)::bigint > extract(epoch from at) * 1000 + ${clockSecondsAhead * 1_000})`,
    [from, to],
  );
  return OddIds.parse(rows[0]);
}

/** Counts what is not sealed yet; what should have been sealed long ago is a fault. */
async function unsealedIn(client: Client, latestAt: string, faults: string[]): Promise<number> {
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
  if (first?.at && isLate(first.at.toISOString(), latestAt))
    faults.push(
      `${first.type} (event ${first.id}) is not in the chain, though later events are; it was inserted later`,
    );
  return Number(first?.count ?? 0);
}
