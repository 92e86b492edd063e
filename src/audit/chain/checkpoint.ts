import { canonicalize } from "json-canonicalize";
import { z } from "zod";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { isoTime } from "../iso-time.ts";
import type { PublicKey, SigningKey } from "./signing-key.ts";

/** The signed head of the chain at some moment. Kept elsewhere, it shows if the chain has been rewritten since. */
export type Checkpoint = z.infer<typeof Checkpoint>;
export const Checkpoint = z.object({
  version: z.literal(1),
  sequence: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  keyId: z.string(),
  signature: z.string(),
});

/** SQL columns that read a row of `audit_checkpoints` as a `Checkpoint`. */
export const checkpointColumns = `1 as version, k.sequence::float8 as sequence, k.hash, k.key_id as "keyId", k.signature,
  ${isoTime("k.at")} as at`;

/**
 * SQL from `from` on, to be continued with `and`: the checkpoints `k` whose place and hash the chain has. Otherwise a row that
 * somebody inserted for a place far ahead would keep all places up to it from being signed.
 */
export const ourCheckpoints = Prisma.sql`from audit_checkpoints k
  where exists (select from audit_chain c where c.sequence = k.sequence and c.hash = k.hash)`;

/** Signs the head of the chain, if the chain has grown since the last checkpoint of any process. */
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
  // Another process was first, with the same place and hash; it publishes the checkpoint.
  return inserted === 0 ? undefined : checkpoint;
}

/** Why a checkpoint proves nothing by itself; `undefined` if one of these keys signed it. */
export function checkpointFault(checkpoint: Checkpoint, keys: readonly PublicKey[]): string | undefined {
  const { signature, ...signed } = checkpoint;
  if (keys.length === 0)
    return "there is no key here to look at its signature with; give --key or HALLPASS_AUDIT_KEY";
  const key = keys.find(({ id }) => id === checkpoint.keyId);
  if (!key) return `it is signed by the key ${checkpoint.keyId}, which is none of ours`;
  return key.verify(canonicalize(signed), signature) ? undefined : "its signature is not ours";
}
