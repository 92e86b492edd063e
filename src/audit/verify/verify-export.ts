import { createHash } from "node:crypto";
import type { Checkpoint } from "../chain/checkpoint.ts";
import { type ExportProof, findProof, longestProof, proofFault } from "../export/proof.ts";
import type { PublicKey } from "../chain/signing-key.ts";

export type ExportVerification = {
  /** The export's proof; absent if it does not end with one that counts. */
  readonly proof?: ExportProof;
  /** How many of the given checkpoints are for the proof's place, and so could be compared. */
  readonly checkpoints: number;
  /** What is wrong; empty if the export is as it was written. */
  readonly faults: readonly string[];
};

/**
 * Verifies a readable export against the proof it ends with, in constant memory. `chunks`: its bytes, uncompressed. `checkpoints`
 * are trusted: the caller has checked their signatures.
 */
export async function verifyExport(
  chunks: AsyncIterable<Buffer>,
  { keys, checkpoints }: { readonly keys: readonly PublicKey[]; readonly checkpoints: readonly Checkpoint[] },
): Promise<ExportVerification> {
  const digest = createHash("sha256");
  // May yet be the proof.
  let end = Buffer.alloc(0);
  for await (const chunk of chunks) {
    end = Buffer.concat([end, chunk]);
    if (end.length < 2 * longestProof) continue;
    digest.update(end.subarray(0, end.length - longestProof));
    end = Buffer.from(end.subarray(end.length - longestProof));
  }
  const found = findProof(end);
  if (!found)
    return {
      checkpoints: 0,
      faults: ["it does not end with a proof: its end was cut off or changed, or something stands after it"],
    };
  const { proof, at } = found;
  const forged = proofFault(proof, keys);
  if (forged !== undefined)
    return { checkpoints: 0, faults: [`the proof it ends with does not count: ${forged}`] };
  const faults: string[] = [];
  const sha256 = digest.update(end.subarray(0, at)).digest("hex");
  if (sha256 !== proof.sha256)
    faults.push(
      `what stands before the proof was changed: its SHA-256 is ${sha256}, and ${proof.sha256} was signed`,
    );
  const compared = checkpoints.filter(({ sequence }) => sequence === proof.head.sequence);
  for (const checkpoint of compared)
    if (checkpoint.hash !== proof.head.hash)
      faults.push(
        `the checkpoint of ${checkpoint.at} says ${checkpoint.hash.slice(0, 16)}… of place ${checkpoint.sequence}, and the ` +
          `proof ${proof.head.hash.slice(0, 16)}…; the chain was written anew`,
      );
  return { proof, checkpoints: compared.length, faults };
}
