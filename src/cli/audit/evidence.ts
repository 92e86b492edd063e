import { readFile } from "node:fs/promises";
import { Checkpoint } from "../../audit/chain/checkpoint.ts";
import { type PublicKey, publicKeyFrom } from "../../audit/chain/signing-key.ts";
import { ownKeys } from "./key.ts";
import { CommandError, inWords } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { messageOf } from "../../error-message.ts";

/** Reads the checkpoints in a file: one, or several, a line each; other text, such as that of a chat around them, is ignored. */
export async function readCheckpoints(path: string): Promise<readonly Checkpoint[]> {
  const text = await readText(path, "checkpoint");
  const found = [...text.matchAll(/\{[^{}]*\}/g)].flatMap(([json]) => {
    try {
      const parsed = Checkpoint.safeParse(JSON.parse(json));
      return parsed.success ? [parsed.data] : [];
    } catch {
      // Braces around other text.
      return [];
    }
  });
  if (found.length > 0) return found;
  throw new CommandError(`${path} holds no checkpoint: expected JSON as it is posted in the audit channel.`);
}

/** The public keys in these files; without files, this installation's own. */
export async function verifyingKeys(paths: readonly string[]): Promise<readonly PublicKey[]> {
  if (paths.length === 0) return [await ownKey()];
  return Promise.all(
    paths.map(async (path) => {
      const pem = await readText(path, "public key");
      return inWords(() => publicKeyFrom(pem, path));
    }),
  );
}

/** Fails if there is none: a new key would have signed nothing. */
async function ownKey(): Promise<PublicKey> {
  const [key] = await ownKeys();
  if (key) return key;
  const { dataDir } = readSettings().database;
  throw new CommandError(
    `The key to verify with can't be read: there is none in ${dataDir}. Name the public key with --key, or set HALLPASS_DATA_DIR to where the bot keeps its own.`,
  );
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CommandError(`The ${what} can't be read from ${path}: ${messageOf(error)}.`, { cause: error });
  }
}

/** Words the faults, a line each. */
export function wordFaults(faults: readonly string[], seen: string): string {
  return `NOT as it was written: ${count(faults.length, "fault")}${seen}\n${faults.map((fault) => `- ${fault}\n`).join("")}`;
}

/** `1 event`, `2,000 events` */
export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

/** Parses an option that names a place in the chain. */
export function placeIn(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new CommandError(
    `${option} must be a place in the chain such as 1 or 5000, got ${JSON.stringify(text)}.`,
  );
}
