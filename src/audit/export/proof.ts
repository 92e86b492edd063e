import { canonicalize } from "json-canonicalize";
import { z } from "zod";
import { ExportFormat } from "./filters.ts";
import { auditFields } from "./query.ts";
import type { PublicKey, SigningKey } from "../chain/signing-key.ts";
import { parseJson } from "../../parse-json.ts";

/** `type` of an export's last row. */
const proofType = "export.proof";

const hexHash = z.string().regex(/^[0-9a-f]{64}$/);

/** The signed proof of what an export held when it was written: its last row. */
export type ExportProof = z.infer<typeof ExportProof>;
export const ExportProof = z.strictObject({
  version: z.literal(1),
  format: ExportFormat,
  /** Events in the rows before. */
  rows: z.number().int().nonnegative(),
  filters: z.record(z.string(), z.string()),
  /** Of all bytes before the proof's line, including the line break before it; uncompressed. */
  sha256: hexHash,
  /** The head of the hash chain at that time: exported events that were sealed by then are at this place or before. */
  head: z.strictObject({ sequence: z.number().int().nonnegative(), hash: hexHash }),
  /** When the export began, by the database's clock. */
  at: z.iso.datetime(),
  keyId: z.string(),
  signature: z.string(),
});

/** Signs the proof of an export. */
export function signExport(
  proof: Omit<ExportProof, "version" | "keyId" | "signature">,
  key: SigningKey,
): ExportProof {
  const signed = { version: 1 as const, ...proof, keyId: key.publicKey.id };
  return { ...signed, signature: key.sign(canonicalize(signed)) };
}

/** Why a proof does not count; `undefined` if one of these keys signed it. */
export function proofFault(
  { signature, ...signed }: { readonly keyId: string; readonly signature: string },
  keys: readonly PublicKey[],
): string | undefined {
  const key = keys.find(({ id }) => id === signed.keyId);
  if (!key)
    return `it is signed by the key ${signed.keyId}, and the key given is ${keys.map(({ id }) => id).join(", ")}`;
  return key.verify(canonicalize(signed), signature) ? undefined : "its signature is not ours";
}

/** The proof as a last row, in the columns of the others, with the end of the file. */
export function wordProof(proof: ExportProof): string {
  const row = { at: proof.at, type: proofType, data: proof };
  if (proof.format === "csv") {
    // Where `;` separates cells, one inside this cell could begin a formula (see `inertSql`).
    const data = escapeLineEnds(JSON.stringify(proof)).replaceAll(";", String.raw`\u003b`);
    const cells: Readonly<Record<string, string>> = { ...row, data: `"${data.replaceAll('"', '""')}"` };
    return `${auditFields.map(({ name }) => cells[name] ?? "").join(",")}\n`;
  }
  const all: Readonly<Record<string, unknown>> = row;
  const line = escapeLineEnds(
    JSON.stringify(Object.fromEntries(auditFields.map(({ name }) => [name, all[name] ?? null]))),
  );
  return proof.format === "jsonl" ? `${line}\n` : `${line}\n]\n`;
}

/** Escapes the characters at which readers such as Python's `splitlines` end a line. */
function escapeLineEnds(json: string): string {
  return json.replaceAll(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** No proof is longer than this many bytes, whatever the filters. */
export const longestProof = 256 * 1_024;

/** Finds the proof that ends a file, and the offset of its line; `undefined` if there is none, or anything follows it. */
export function findProof(end: Buffer): { readonly proof: ExportProof; readonly at: number } | undefined {
  // One character per byte.
  const text = end.toString("latin1");
  const stop = text.endsWith("\n]\n") ? text.length - 3 : text.length - 1;
  const at = text.lastIndexOf("\n", stop - 1) + 1;
  const line = end.subarray(at, stop).toString("utf8");
  const data = line.startsWith("{") ? dataInJson(line) : dataInCsv(line);
  const proof = ExportProof.safeParse(data?.proof).data;
  if (proof?.at !== data?.at || proof === undefined) return undefined;
  return endOf(proof, line) === text.slice(stop) ? { proof, at } : undefined;
}

function endOf({ format }: ExportProof, line: string): string | undefined {
  if (line.startsWith("{") === (format === "csv")) return undefined;
  return format === "json" ? "\n]\n" : "\n";
}

type Data = { readonly at: string; readonly proof: unknown };

function dataInCsv(line: string): Data | undefined {
  const [, at = "", json = ""] = /^,([^,"]*),export\.proof,+"(\{.*\})"$/.exec(line) ?? [];
  const proof = parseJson(json.replaceAll('""', '"'));
  return proof === undefined ? undefined : { at, proof };
}

const Row = z.looseObject({ at: z.string(), type: z.literal(proofType), data: z.unknown() });

function dataInJson(line: string): Data | undefined {
  const row = Row.safeParse(parseJson(line)).data;
  if (!row) return undefined;
  const { at, type: _, data: proof, ...rest } = row;
  return Object.values(rest).every((value) => value === null) ? { at, proof } : undefined;
}
