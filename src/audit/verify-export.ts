import { createHash } from "node:crypto";
import type { Checkpoint } from "./checkpoint.ts";
import { type ExportProof, findProof, longestProof, proofFault } from "./export-proof.ts";
import type { PublicKey } from "./signing-key.ts";

export type ExportVerification = {
  /** What the export says of itself; absent where it does not end with a proof. */
  readonly proof?: ExportProof;
  /** Of those given, how many name the place that the proof does, and could be compared. */
  readonly checkpoints: number;
  /** What is wrong; nothing when the export is as it was written. */
  readonly faults: readonly string[];
};

/**
 * Holds an export that people read against the proof it ends with, in constant memory. `chunks`: its bytes, not compressed.
 * `checkpoints` are trusted: whoever calls has looked at their signatures.
 */
export async function verifyExport(
  chunks: AsyncIterable<Buffer>,
  { keys, checkpoints }: { readonly keys: readonly PublicKey[]; readonly checkpoints: readonly Checkpoint[] },
): Promise<ExportVerification> {
  const digest = createHash("sha256");
  // What may yet be the proof.
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
