import { readArchive } from "../retention/archive.ts";
import type { Tombstone } from "../retention/tombstone.ts";
import type { Trust } from "./verify-sealed.ts";
import { messageOf } from "../../error-message.ts";

/** Verifies the files that tombstones name, each against its tombstone. */
export async function verifyArchives(
  directory: string,
  tombstones: readonly Tombstone[],
  trust: Trust,
): Promise<{ readonly verified: number; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  let verified = 0;
  for (const { from, to, previous, hash, archive } of tombstones) {
    if (!archive) continue;
    try {
      const found = await readArchive(directory, archive.name, trust);
      const { proof, sha256 } = found;
      verified += found.rows;
      faults.push(...found.faults.map((fault) => `${archive.name}: ${fault}`));
      const isOther =
        proof !== undefined &&
        (proof.from !== from || proof.to !== to || proof.previous !== previous || proof.hash !== hash);
      if (isOther || (sha256 !== archive.sha256 && found.faults.length === 0))
        faults.push(
          `${archive.name} is not the file that the tombstone of the places ${from} to ${to} names; it was exchanged or packed anew`,
        );
    } catch (error) {
      faults.push(`${archive.name}, with the places ${from} to ${to}, can't be read: ${messageOf(error)}`);
    }
  }
  return { verified, faults };
}
