import { readFile } from "node:fs/promises";
import { Checkpoint } from "../audit/checkpoint.ts";
import { type PublicKey, publicKeyFrom } from "../audit/signing-key.ts";
import { verifyChain, type Verification } from "../audit/verify.ts";
import { wordsOf } from "../persistence/embedded-error.ts";
import { ownKeys } from "./audit-key.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

export type VerifyOptions = {
  /** Places in the chain, as people write them. */
  readonly from?: string;
  readonly to?: string;
  /** Files with published checkpoints. */
  readonly checkpoint: readonly string[];
  /** A file with the public key, where it is not this installation's own. */
  readonly key?: string;
};

/** `hallpass audit verify`: recomputes the chain. Resolves with the exit code: 1 when anything is wrong. */
export async function auditVerify({ from, to, checkpoint, key }: VerifyOptions): Promise<number> {
  const range = { from: placeIn(from, "--from"), to: placeIn(to, "--to") };
  const published = (await Promise.all(checkpoint.map(readCheckpoints))).flat();
  const keys = key === undefined ? await ownKeys() : [await readPublicKey(key)];
  const progress = showProgress();
  const verification = await withDatabase(readSettings(), { mustExist: true }, (databaseUrl) =>
    verifyChain({ databaseUrl }, { ...range, published, keys, onProgress: progress.at }),
  );
  progress.end();
  process.stdout.write(wordVerification(verification));
  return verification.faults.length === 0 ? 0 : 1;
}

function wordVerification({ verified, head, checkpoints, unsealed, faults }: Verification): string {
  const waiting = unsealed === 0 ? "" : ` ${count(unsealed, "event")} not sealed yet.`;
  const seen = `${count(verified, "event")} and ${count(checkpoints, "checkpoint")} verified`;
  if (faults.length > 0)
    return `NOT as it was written: ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}, ${seen}.${waiting}\n${faults.map((fault) => `- ${fault}\n`).join("")}`;
  const end = head ? ` The chain ends at place ${head.sequence} with ${head.hash}.` : "";
  return `The audit is as it was written: ${seen}.${end}${waiting}\n`;
}

function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function placeIn(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new CommandError(
    `${option} must be a place in the chain such as 1 or 5000, got ${JSON.stringify(text)}.`,
  );
}

/** A file holds one checkpoint, or several, a line each; other lines, such as those of a chat around it, do not matter. */
async function readCheckpoints(path: string): Promise<readonly Checkpoint[]> {
  const text = await readText(path, "checkpoint");
  const found = [...text.matchAll(/\{[^{}]*\}/g)].flatMap(([json]) => {
    try {
      const parsed = Checkpoint.safeParse(JSON.parse(json));
      return parsed.success ? [parsed.data] : [];
    } catch {
      // Braces around something else.
      return [];
    }
  });
  if (found.length > 0) return found;
  throw new CommandError(`${path} holds no checkpoint: expected JSON as it is posted in the audit channel.`);
}

async function readPublicKey(path: string): Promise<PublicKey> {
  const pem = await readText(path, "public key");
  try {
    return publicKeyFrom(pem, path);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError(`The ${what} can't be read from ${path}: ${wordsOf(error)}.`, { cause: error });
  }
}

function showProgress(): { readonly at: (verified: number) => void; readonly end: () => void } {
  const isTerminal = process.stderr.isTTY;
  return {
    at: (verified) => void (isTerminal && process.stderr.write(`\r${count(verified, "event")}`)),
    end: () => void (isTerminal && process.stderr.write("\r")),
  };
}
