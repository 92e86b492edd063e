import { type Checkpoint, checkpointFault } from "../../audit/chain/checkpoint.ts";
import type { ExportProof } from "../../audit/export/proof.ts";
import { lookAhead, openPossiblyCompressed } from "../../audit/export/open-file.ts";
import type { SealedProof } from "../../audit/export/sealed-export.ts";
import type { PublicKey } from "../../audit/chain/signing-key.ts";
import { verifyExport } from "../../audit/verify/verify-export.ts";
import { type Unbound, wordUnbound } from "../../audit/chain/unbound.ts";
import { looksSealed, verifySealed } from "../../audit/verify/verify-sealed.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { count, readCheckpoints, verifyingKeys, wordFaults } from "./evidence.ts";
import { CommandError } from "../failure.ts";
import { messageOf } from "../../error-message.ts";

/**
 * `hallpass audit verify --export`: checks a file against the proof at its end; needs no database. Resolves with the
 * exit code: 1 if anything is wrong.
 */
export async function verifyExportFile(
  path: string,
  { checkpoint, key }: { readonly checkpoint: readonly string[]; readonly key: readonly string[] },
): Promise<number> {
  const keys = await verifyingKeys(key);
  const published = (await Promise.all(checkpoint.map(readCheckpoints))).flat();
  const trusted = published.filter((each) => checkpointFault(each, keys) === undefined);
  const verification = await readExport(path, keys, trusted);
  const faults = [...checkpointFaults(published, keys), ...verification.faults];
  process.stdout.write(word({ ...verification, faults }, published.length));
  return faults.length === 0 ? 0 : 1;
}

type FileVerification = {
  readonly isSealed: boolean;
  readonly proof?: ExportProof | SealedProof;
  readonly checkpoints: number;
  readonly unbound?: Unbound;
  readonly faults: readonly string[];
};

function checkpointFaults(published: readonly Checkpoint[], keys: readonly PublicKey[]): readonly string[] {
  return published.flatMap((each) => {
    const fault = checkpointFault(each, keys);
    return fault === undefined
      ? []
      : [`the published checkpoint of place ${each.sequence} does not count: ${fault}`];
  });
}

async function readExport(
  path: string,
  keys: readonly PublicKey[],
  checkpoints: readonly Checkpoint[],
): Promise<FileVerification> {
  let isSealed = false;
  try {
    const { start, chunks } = await lookAhead(await openPossiblyCompressed(path), 64);
    isSealed = looksSealed(start);
    return { isSealed, ...(await (isSealed ? verifySealed : verifyExport)(chunks, { keys, checkpoints })) };
  } catch (error) {
    const fault = unpackingFault(error);
    if (fault !== undefined) return { isSealed, checkpoints: 0, faults: [fault] };
    throw new CommandError(`The export can't be read from ${path}: ${messageOf(error)}.`, { cause: error });
  }
}

/** Words zlib's errors: for a file that ends too soon, and for one that was changed. */
function unpackingFault(error: unknown): string | undefined {
  const code = systemCode(error);
  if (code === "Z_BUF_ERROR") return "its end was cut off: the compressed file ends too soon";
  return code?.startsWith("Z_") === true
    ? "it was changed: the compressed file can't be unpacked"
    : undefined;
}

function word({ isSealed, proof, checkpoints, unbound, faults }: FileVerification, given: number): string {
  if (faults.length > 0)
    return wordFaults(
      faults,
      isSealed ? "." : ". Which row it is, the digest of a whole can't say; an export with --sealed can.",
    );
  if (!proof) return "";
  const aside =
    given > checkpoints
      ? ` ${count(given - checkpoints, "checkpoint")} of other places could not be compared with it.`
      : "";
  const unproven = unbound ? wordUnbound(unbound).map((words) => ` ${words}`) : [];
  return `The export is as it was written: ${wordProof(proof)}${unproven.join("")}${aside}\n`;
}

function wordProof(proof: ExportProof | SealedProof): string {
  const signed = `signed at ${proof.at} with the key ${proof.keyId}`;
  if (proof.format === "sealed") {
    const { from, to, hash } = proof;
    return `${count(to - from + 1, "event")} of the chain, place ${from} to ${to}, ${signed}. It ends with ${hash}.`;
  }
  const { rows, format, filters, head } = proof;
  const chosen = Object.entries(filters).map(([name, value]) => `${name} ${value}`);
  return (
    `${count(rows, "event")} as ${format}${chosen.length === 0 ? "" : ` (${chosen.join(", ")})`}, ${signed}. ` +
    `The chain ended at place ${head.sequence} with ${head.hash} then.`
  );
}
