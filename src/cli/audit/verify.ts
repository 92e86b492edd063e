import { stat } from "node:fs/promises";
import type { Tombstone } from "../../audit/retention/tombstone.ts";
import { wordUnbound } from "../../audit/chain/unbound.ts";
import { clockSecondsAhead, verifyChain, type Verification } from "../../audit/verify/verify.ts";
import { count, placeIn, readCheckpoints, verifyingKeys, wordFaults } from "./evidence.ts";
import { verifyExportFile } from "./verify-export.ts";
import { ownKeys } from "./key.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { messageOf } from "../../error-message.ts";

export type VerifyOptions = {
  /** Places in the chain, as people write them. */
  readonly from?: string;
  readonly to?: string;
  /** Files with published checkpoints. */
  readonly checkpoint: readonly string[];
  /** Files with public keys, where it is not this installation's own. */
  readonly key: readonly string[];
  /** The directory that holds the retired events. */
  readonly archive?: string;
  /** An exported file, which is verified instead of the database. */
  readonly export?: string;
};

/**
 * `hallpass audit verify`: recomputes the chain, or checks an export against its proof. Resolves with the exit code: 1
 * if anything is wrong; throws if the range asked for had nothing to verify.
 */
export async function auditVerify(options: VerifyOptions): Promise<number> {
  const { from, to, checkpoint, key, archive } = options;
  if (options.export !== undefined) {
    if (from !== undefined || to !== undefined)
      throw new CommandError(
        "--from and --to are places in the database's chain; an export is verified whole.",
      );
    return verifyExportFile(options.export, { checkpoint, key });
  }
  const range = { from: placeIn(from, "--from"), to: placeIn(to, "--to") };
  if (range.from !== undefined && range.to !== undefined && range.to < range.from)
    throw new CommandError(`--to must be a place from --from on, got --from ${from} --to ${to}.`);
  if (archive !== undefined) await insistOnFolder(archive);
  const published = (await Promise.all(checkpoint.map(readCheckpoints))).flat();
  const keys = key.length === 0 ? await ownKeys() : await verifyingKeys(key);
  const progress = showProgress();
  const verification = await withDatabase(readSettings(), { mustExist: true }, (databaseUrl) =>
    verifyChain({ databaseUrl }, { ...range, archive, published, keys, onProgress: progress.at }),
  );
  progress.end();
  const { faults, outside } = verification;
  if (faults.length === 0 && outside) throw new CommandError(wordOutside(outside, from, archive));
  process.stdout.write(wordVerification(verification, archive));
  return faults.length === 0 ? 0 : 1;
}

async function insistOnFolder(archive: string): Promise<void> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(archive)).isDirectory();
  } catch (error) {
    throw new CommandError(`The archive can't be read from ${archive}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  if (!isFolder)
    throw new CommandError(
      `--archive must be the directory that audit retain kept its files in, got the file ${archive}.`,
    );
}

/** The error for a range with nothing in it, which must not look verified. */
function wordOutside(
  { end, retiredTo }: NonNullable<Verification["outside"]>,
  from: string | undefined,
  archive: string | undefined,
): string {
  const ends = end === 0 ? "the chain has no place yet" : `the chain ends at place ${end}`;
  if (Number(from ?? 1) > end) return `Nothing was verified: --from is ${from ?? 1}, and ${ends}.`;
  const where = archive === undefined ? "; --archive looks at the files they are kept in" : "";
  return `Nothing was verified: the places up to ${retiredTo} were retired${where}. T${ends.slice(1)}.`;
}

function wordVerification(
  { verified, head, checkpoints, uncompared, tombstones, unsealed, unbound, oddIds, faults }: Verification,
  archive: string | undefined,
): string {
  const waiting = (unsealed === 0 ? "" : ` ${count(unsealed, "event")} not sealed yet.`) + wordOddIds(oddIds);
  const unproven = wordUnbound(unbound)
    .map((words) => ` ${words}`)
    .join("");
  const seen = `${count(verified, "event")} and ${count(checkpoints - uncompared, "checkpoint")} verified`;
  if (faults.length > 0) return wordFaults(faults, `, ${seen}.${unproven}${waiting}`);
  const aside = uncompared === 0 ? "" : ` ${count(uncompared, "checkpoint")} of those could not be compared.`;
  const end = head ? ` The chain ends at place ${head.sequence} with ${head.hash}.` : "";
  return `The audit is as it was written: ${seen}.${wordRetired(tombstones, archive)}${unproven}${aside}${end}${waiting}\n`;
}

function wordOddIds({ count: odd, first }: Verification["oddIds"]): string {
  if (odd === 0) return "";
  return (
    ` Not with an id that Hallpass made at the time they give: ${count(odd, "event")}, the first at place ${first}; written by ` +
    `something else and perhaps dated back, or by a machine whose clock was more than ${clockSecondsAhead / 60} minutes ahead.`
  );
}

function wordRetired(tombstones: readonly Tombstone[], archive: string | undefined): string {
  const [first, last] = [tombstones[0], tombstones.at(-1)];
  const kept = tombstones.filter((tombstone) => tombstone.archive !== undefined).length;
  if (!first || !last)
    return archive === undefined
      ? ""
      : ` No place was retired, so there was nothing in ${archive} to verify.`;
  const looked =
    kept === 0
      ? "kept nowhere"
      : archive === undefined
        ? `kept in ${count(kept, "file")}, not looked at without --archive`
        : `kept in ${count(kept, "file")}, verified too`;
  return ` The places ${first.from} to ${last.to}, of ${first.firstAt.slice(0, 10)} to ${last.lastAt.slice(0, 10)}, were retired (${looked}).`;
}

function showProgress(): { readonly at: (verified: number) => void; readonly end: () => void } {
  const isTerminal = process.stderr.isTTY;
  return {
    at: (verified) => void (isTerminal && process.stderr.write(`\r${count(verified, "event")}`)),
    end: () => void (isTerminal && process.stderr.write("\r")),
  };
}
