import { canonicalize } from "json-canonicalize";
import type { ClientBase } from "pg";
import { z } from "zod";
import { beginning } from "../chain/chain.ts";
import { proofFault } from "../export/proof.ts";
import { isoTime } from "../iso-time.ts";
import type { PublicKey, SigningKey } from "../chain/signing-key.ts";

const hexHash = z.string().regex(/^[0-9a-f]{64}$/);
const place = z.number().int().positive();

/** The signed remains of a retired part of the chain, which continues from the tombstone's hash. */
export type Tombstone = z.infer<typeof Tombstone>;
const Tombstone = z.strictObject({
  version: z.literal(1),
  /** Places, inclusive; each was an event. */
  from: place,
  to: place,
  /** The hash that the first place was linked to, and the hash at the last. */
  previous: hexHash,
  hash: hexHash,
  /** The earliest and the latest event time in it. */
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  /** The archive file, and the SHA-256 of its bytes; absent if it was not archived. */
  archive: z.strictObject({ name: z.string(), sha256: hexHash }).optional(),
  at: z.iso.datetime(),
  keyId: z.string(),
  signature: z.string(),
});

/** Signs a tombstone for a part of the chain that is about to be retired. */
export function signTombstone(
  tombstone: Omit<Tombstone, "version" | "keyId" | "signature">,
  key: SigningKey,
): Tombstone {
  const signed = { version: 1 as const, ...tombstone, keyId: key.publicKey.id };
  return { ...signed, signature: key.sign(canonicalize(signed)) };
}

/** Reads all tombstones, in the order of their places. */
export async function readTombstones(client: ClientBase): Promise<readonly Tombstone[]> {
  const { rows } = await client.query(
    `select 1 as version, first_sequence::float8 as "from", last_sequence::float8 as "to", previous_hash as previous,
            last_hash as hash, ${isoTime("first_at")} as "firstAt", ${isoTime("last_at")} as "lastAt", ${isoTime("at")} as at,
            case when archive is not null then jsonb_build_object('name', archive, 'sha256', archive_sha256) end as archive,
            key_id as "keyId", signature
     from audit_tombstones order by first_sequence, last_sequence`,
  );
  return rows.map((row: { readonly archive: unknown }) => {
    const { archive, ...rest } = row;
    return Tombstone.parse(archive === null ? rest : row);
  });
}

/** Inserts a tombstone, which allows this transaction to delete the places it stands for. */
export async function layTombstone(client: ClientBase, tombstone: Tombstone): Promise<void> {
  const { from, to, previous, hash, firstAt, lastAt, archive, at, keyId, signature } = tombstone;
  await client.query(
    `insert into audit_tombstones (first_sequence, last_sequence, previous_hash, last_hash, first_at, last_at,
                                   archive, archive_sha256, at, key_id, signature)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      from,
      to,
      previous,
      hash,
      firstAt,
      lastAt,
      archive?.name ?? null,
      archive?.sha256 ?? null,
      at,
      keyId,
      signature,
    ],
  );
}

/** Describes tombstones that were forged, and gaps where others are missing. */
export function tombstoneFaults(
  tombstones: readonly Tombstone[],
  keys: readonly PublicKey[],
): readonly string[] {
  const faults: string[] = [];
  let last: Pick<Tombstone, "to" | "hash"> = { to: 0, hash: beginning };
  for (const tombstone of tombstones) {
    const { from, to, previous } = tombstone;
    const forged = proofFault(tombstone, keys);
    if (forged !== undefined)
      faults.push(`the tombstone of the places ${from} to ${to} does not count: ${forged}`);
    if (from > last.to + 1)
      faults.push(`no tombstone stands for the places ${last.to + 1} to ${from - 1}; it was deleted`);
    else if (from <= last.to || previous !== last.hash)
      faults.push(
        `the tombstone of the places ${from} to ${to} does not follow the one before it; it was forged`,
      );
    last = tombstone;
  }
  return faults;
}
