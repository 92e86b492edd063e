import { readFile, rename, writeFile } from "node:fs/promises";
import { canonicalize } from "json-canonicalize";
import { z } from "zod";
import { ExportExtent } from "../../audit/export/extent.ts";
import { proofFault } from "../../audit/export/proof.ts";
import type { SigningKey } from "../../audit/chain/signing-key.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { CommandError } from "../failure.ts";
import { version } from "../version.ts";
import { parseJson } from "../../parse-json.ts";
import { messageOf } from "../../error-message.ts";

const Words = z.record(z.string(), z.string());

/** What a later run needs to resume an export, as the first run and each piece since left it. */
export type Journal = Omit<z.infer<typeof SignedJournal>, "kind" | "hallpass" | "keyId" | "signature">;
/** Signed, because the proof at the end also covers what earlier runs wrote. */
const SignedJournal = z.strictObject({
  kind: z.literal("hallpass-export-part"),
  /** Compared on resuming, because another version may write other columns. */
  hallpass: z.string(),
  lock: z.number().int(),
  /** The options as they were given: `30d` means another time later. */
  asked: Words,
  /** What the options meant to the first run. */
  filters: Words,
  extent: ExportExtent,
  /** The length of the valid part of the file, in bytes; the event of its last row; the SHA-256 of the content, uncompressed. */
  written: z
    .strictObject({ offset: z.number().int().positive(), after: z.number().int(), sha256: z.string() })
    .nullable(),
  keyId: z.string(),
  signature: z.string(),
});

/** Replaces the journal atomically: the file is either the previous one or this one. */
export async function writeJournal(path: string, journal: Journal, key: SigningKey): Promise<void> {
  const signed = {
    kind: "hallpass-export-part" as const,
    hallpass: version,
    ...journal,
    keyId: key.publicKey.id,
  };
  const content = JSON.stringify({ ...signed, signature: key.sign(canonicalize(signed)) });
  const unfinished = `${path}.new`;
  await writeFile(unfinished, `${content}\n`, { mode: 0o600, flush: true });
  await rename(unfinished, path);
}

/** Reads the journal; throws what an operator can act on unless it is ours and belongs to an export with the same options. */
export async function readJournal(
  { part, path }: { readonly part: string; readonly path: string },
  asked: Readonly<Record<string, string>>,
  key: SigningKey,
): Promise<Journal> {
  const anew = `delete ${part} and ${path}, and begin anew without --resume`;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT")
      throw new CommandError(`${path} can't be read: ${messageOf(error)}.`, { cause: error });
    throw new CommandError(
      `There is no ${path}, which would say what ${part} is the beginning of: ${anew}.`,
      {
        cause: error,
      },
    );
  }
  const signed = SignedJournal.safeParse(parseJson(text)).data;
  if (!signed) throw new CommandError(`${path} is not as Hallpass wrote it: ${anew}.`);
  const fault = proofFault(signed, [key.publicKey]);
  if (fault !== undefined)
    throw new CommandError(`${path} does not count: ${fault}. Use that key, or ${anew}.`);
  const { kind: _kind, hallpass, keyId: _keyId, signature: _signature, ...journal } = signed;
  if (hallpass !== version)
    throw new CommandError(`${part} was begun by Hallpass ${hallpass}, and this is ${version}: ${anew}.`);
  if (canonicalize(journal.asked) !== canonicalize(asked))
    throw new CommandError(
      `${part} was begun with ${wordOptions(journal.asked)}, and this is ${wordOptions(asked)}: give the same, or ${anew}.`,
    );
  return journal;
}

function wordOptions(asked: Readonly<Record<string, string>>): string {
  return Object.entries(asked)
    .map(([name, value]) => `--${name} ${JSON.stringify(value)}`)
    .join(" ");
}
