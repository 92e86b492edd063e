import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Client } from "pg";
import { shareSnapshot, type SharedSnapshot, type SnapshotAt } from "../chain/snapshot.ts";
import { createNews, isLate, type Places, type VerifiedPlaces, verifyPlaces } from "./verify-places.ts";

/** What a thread has to verify, in the caller's snapshot. */
export type Order = { readonly snapshot: SharedSnapshot; readonly places: Places };
/** A thread's messages: how many more places it has verified, and finally what it found. */
export type Said = { readonly more: number } | { readonly found: VerifiedPlaces };

/** A thread takes about 0.3 s to start: fewer places are verified sooner than that. */
const worthwhile = 20_000;
/** PostgreSQL needs processors too. */
const mostThreads = 4;

/**
 * Does the work of `verifyPlaces` in several threads, each on a part of the places with its own connection. `threads`: as many as
 * are worthwhile by default.
 */
export async function verifyParallel(
  client: Client,
  { at, places, threads }: { at: SnapshotAt; places: Places; threads: number | undefined },
  onProgress?: (more: number) => void,
): Promise<VerifiedPlaces> {
  const parts = await partsOf(client, places, threads);
  if (parts.length === 1) return verifyPlaces(client, places, onProgress);
  const snapshot = await shareSnapshot(client, at);
  const stop = new AbortController();
  const found = await Promise.all(
    parts.map((part) => inThread({ snapshot, places: part }, stop.signal, onProgress)),
  ).finally(() => stop.abort());
  return joined(client, parts, found);
}

/** Splits the places into parts of equal length; each begins after a place whose hash is there. */
async function partsOf(
  client: Client,
  places: Places,
  threads: number | undefined,
): Promise<readonly Places[]> {
  const { rows } = await client.query<{ last: number | null }>(
    "select max(sequence)::float8 as last from audit_chain where $1::bigint is null or sequence <= $1",
    [places.to],
  );
  const length = (rows[0]?.last ?? 0) - places.from + 1;
  const count = threads ?? Math.min(mostThreads, availableParallelism(), Math.floor(length / worthwhile));
  if (count < 2 || length < count) return [places];
  const ends = Array.from(
    { length: count - 1 },
    (_, part) => places.from - 1 + Math.floor((length * (part + 1)) / count),
  );
  const seams = await client.query<{ sequence: number; hash: string }>(
    "select sequence::float8 as sequence, hash from audit_chain where sequence = any($1) order by sequence",
    [ends],
  );
  let last = places;
  const parts: Places[] = [];
  for (const { sequence, hash } of seams.rows) {
    parts.push({ ...last, to: sequence });
    last = { ...places, from: sequence + 1, previousHash: hash, latestAt: "", isBound: false };
  }
  return [...parts, last];
}

async function inThread(
  order: Order,
  signal: AbortSignal,
  onProgress?: (more: number) => void,
): Promise<VerifiedPlaces> {
  // The file beside this one, TypeScript or compiled.
  const file = new URL(`./verify-thread${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: order });
  signal.addEventListener("abort", () => void worker.terminate());
  return new Promise((resolve, reject) => {
    worker.on("message", (said: Said) => {
      if ("found" in said) resolve(said.found);
      else onProgress?.(said.more);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`a thread that verifies the audit ended with ${code}`)));
  });
}

/** Joins what was found, part after part. Verifies a part again if a fault only shows together with the parts before. */
async function joined(
  client: Client,
  parts: readonly Places[],
  found: readonly VerifiedPlaces[],
): Promise<VerifiedPlaces> {
  let whole: VerifiedPlaces | undefined;
  for (const [index, part] of parts.entries()) {
    const latestAt = whole?.latestAt ?? part.latestAt;
    const isBound = whole?.isBound ?? part.isBound;
    let here = found[index];
    if (!here || isLate(here.earliestAt, latestAt) || (isBound && !part.isBound && isUnbound(here)))
      here = await verifyPlaces(client, { ...part, latestAt, isBound });
    whole = {
      ...here,
      verified: (whole?.verified ?? 0) + here.verified,
      head: here.head ?? whole?.head,
      latestAt: here.latestAt > latestAt ? here.latestAt : latestAt,
      isBound: isBound || here.isBound,
      unbound: {
        people: (whole?.unbound.people ?? 0) + here.unbound.people,
        number: (whole?.unbound.number ?? 0) + here.unbound.number,
      },
      faults: [...(whole?.faults ?? []), ...here.faults].filter(createNews()),
    };
  }
  if (!whole) throw new Error("expected places to verify, got none");
  return whole;
}

function isUnbound({ unbound }: VerifiedPlaces): boolean {
  return unbound.people > 0 || unbound.number > 0;
}
