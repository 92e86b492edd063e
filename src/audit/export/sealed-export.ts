import { Readable } from "node:stream";
import { canonicalize } from "json-canonicalize";
import type { Client, ClientBase } from "pg";
import { z } from "zod";
import { beginning } from "../chain/chain.ts";
import { recordOf } from "../chain/chain-line.ts";
import { isoTime } from "../iso-time.ts";
import { readChain } from "../chain/read-chain.ts";
import type { SigningKey } from "../chain/signing-key.ts";

const hexHash = z.string().regex(/^[0-9a-f]{64}$/);
const place = z.number().int().positive();

/** The first line of a sealed export. */
export const SealedHeader = z.strictObject({
  format: z.literal("hallpass-audit-sealed"),
  version: z.literal(1),
  from: place,
  /** The hash that the first place is linked to. */
  previous: hexHash,
});

/** The last line, signed: the range, the hash before it and its last hash. */
export type SealedProof = z.infer<typeof SealedProof>;
export const SealedProof = z.strictObject({
  version: z.literal(1),
  format: z.literal("sealed"),
  from: place,
  to: place,
  previous: hexHash,
  hash: hexHash,
  at: z.iso.datetime(),
  keyId: z.string(),
  signature: z.string(),
});

/** A range of places, inclusive. */
export type SealedRange = Pick<SealedProof, "from" | "to" | "previous" | "hash" | "at">;

const Bounds = z.object({
  first: z.number().nullable(),
  last: z.number().nullable(),
  gone: z.number(),
  at: z.string(),
});

/** Finds what the chain has between two places, or says why some is missing. Expects a transaction that reads one snapshot. */
export async function findSealed(
  client: ClientBase,
  asked: { readonly from?: number | undefined; readonly to?: number | undefined },
): Promise<SealedRange | { readonly fault: string }> {
  const { rows } = await client.query(
    `select min(sequence)::float8 as first, max(sequence)::float8 as last,
            coalesce((select max(last_sequence) from audit_tombstones), 0)::float8 as gone,
            ${isoTime("now()")} as at
     from audit_chain`,
  );
  const { first, last, gone, at } = Bounds.parse(rows[0]);
  if (first === null || last === null) return { fault: "nothing is sealed in this database yet" };
  const { from = gone === 0 ? first : Math.max(first, gone + 1), to = last } = asked;
  if (from <= gone) return { fault: `the places to ${gone} were retired: look in their archive` };
  if (to > last) return { fault: `the chain ends at place ${last}` };
  if (from > to) return { fault: `place ${from} comes after place ${to}` };
  const previous = await hashAt(client, from - 1);
  const hash = await hashAt(client, to);
  if (previous === undefined || hash === undefined)
    return { fault: `place ${previous === undefined ? from - 1 : to} is missing; it was deleted` };
  return { from, to, previous, hash, at };
}

/** The hash at a place, from the chain or from the tombstone that ends there. */
async function hashAt(client: ClientBase, sequence: number): Promise<string | undefined> {
  if (sequence === 0) return beginning;
  const { rows } = await client.query<{ hash: string }>(
    `select hash from audit_chain where sequence = $1
     union all select last_hash from audit_tombstones where last_sequence = $1`,
    [sequence],
  );
  return rows[0]?.hash;
}

/** Files and compressors are fastest with fewer, larger pieces. */
const pieceLength = 64 * 1_024;

/**
 * Streams a range of the chain as lines of JSON: a header, a line for each place, and the signed proof. Personal data stays sealed.
 * If the range was tampered with, what is there is written.
 */
export function exportSealed(
  client: Client,
  { from, to, previous, hash, at }: SealedRange,
  key: SigningKey,
): { readonly stream: Readable; readonly rows: () => number } {
  let rows = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    const header = { format: "hallpass-audit-sealed", version: 1, from, previous };
    // One character per byte.
    let piece = `${JSON.stringify(header)}\n`;
    for await (const batch of readChain(client, { from, to })) {
      for (const { place: sequence, hash: stored, event } of batch) {
        const record = event ? recordOf(event).toString("latin1") : "null";
        piece += `{"sequence":${sequence},"hash":"${stored}","record":${record}}\n`;
        rows += 1;
        if (piece.length < pieceLength) continue;
        yield Buffer.from(piece, "latin1");
        piece = "";
      }
    }
    const signed = {
      version: 1 as const,
      format: "sealed" as const,
      from,
      to,
      previous,
      hash,
      at,
      keyId: key.publicKey.id,
    };
    const proof: SealedProof = { ...signed, signature: key.sign(canonicalize(signed)) };
    yield Buffer.from(`${piece}${JSON.stringify({ proof })}\n`, "latin1");
  }
  return { stream: Readable.from(pieces(), { objectMode: false }), rows: () => rows };
}
