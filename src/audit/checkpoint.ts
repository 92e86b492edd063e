import { canonicalize } from "json-canonicalize";
import { z } from "zod";
import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import type { Clock } from "../persistence/clock.ts";
import { isoTime } from "./iso-time.ts";
import type { PublicKey, SigningKey } from "./signing-key.ts";

/** What the chain was at some moment, signed. Kept elsewhere, it shows that the chain was written anew since. */
export type Checkpoint = z.infer<typeof Checkpoint>;
export const Checkpoint = z.object({
  version: z.literal(1),
  sequence: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  keyId: z.string(),
  signature: z.string(),
});

/** A row of `audit_checkpoints` as one. */
export const checkpointColumns = `1 as version, k.sequence::float8 as sequence, k.hash, k.key_id as "keyId", k.signature,
  ${isoTime("k.at")} as at`;

/**
 * As SQL from `from` on, to be gone on with by `and`: the checkpoints `k` of places that the chain has. A row that somebody
 * put there for a place far ahead must not keep all places up to it from being signed.
 */
export const ourCheckpoints = Prisma.sql`from audit_checkpoints k
  where exists (select from audit_chain c where c.sequence = k.sequence and c.hash = k.hash)`;

/** Signs the chain as it stands, if it has grown since the last checkpoint, by whichever process. */
export async function makeCheckpoint(
  db: PrismaClient,
  clock: Clock,
  key: SigningKey,
): Promise<Checkpoint | undefined> {
  const [head] = await db.$queryRaw<{ sequence: bigint; hash: string; at: Date }[]>`
    select sequence, hash, date_trunc('milliseconds', ${clock.now}) as at from audit_chain
    where sequence > coalesce((select k.sequence ${ourCheckpoints} order by k.sequence desc limit 1), 0)
    order by sequence desc limit 1`;
  if (!head) return undefined;
  const signed = {
    version: 1 as const,
    sequence: Number(head.sequence),
    hash: head.hash,
    at: new Date(head.at).toISOString(),
    keyId: key.publicKey.id,
  };
  const checkpoint = { ...signed, signature: key.sign(canonicalize(signed)) };
  const inserted = await db.$executeRaw`
    insert into audit_checkpoints (sequence, hash, at, key_id, signature)
    values (${head.sequence}, ${checkpoint.hash}, ${new Date(checkpoint.at)}, ${checkpoint.keyId}, ${checkpoint.signature})
    on conflict do nothing`;
  // Another process was first, with the same place and hash, and publishes it.
  return inserted === 0 ? undefined : checkpoint;
}

/** Why a checkpoint proves nothing by itself; `undefined` when it was signed by one of these keys. */
export function checkpointFault(checkpoint: Checkpoint, keys: readonly PublicKey[]): string | undefined {
  const { signature, ...signed } = checkpoint;
  if (keys.length === 0)
    return "there is no key here to look at its signature with; give --key or HALLPASS_AUDIT_KEY";
  const key = keys.find(({ id }) => id === checkpoint.keyId);
  if (!key) return `it is signed by the key ${checkpoint.keyId}, which is none of ours`;
  return key.verify(canonicalize(signed), signature) ? undefined : "its signature is not ours";
}
