import { hash } from "node:crypto";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { bytesOf, textOf } from "./byte-text.ts";
import { canonicalBytes, canonicalJson } from "./canonical-json.ts";
import { chainedFields, type ChainedEvent } from "./chain.ts";

/** A place of the chain as the database holds it. */
export type ChainPlace = {
  readonly place: number;
  readonly hash: string;
  /** Absent where it is gone from `audit_events`. */
  readonly event?: SealedEvent;
};

/** What of an event names it, and its canonical JSON: UTF-8, a character for each byte. */
export type SealedEvent = Pick<ChainedEvent, "id" | "type" | "at"> & { readonly record: string };

/** Some 2 MB: what the sockets between hold, so that PostgreSQL writes the next batch while this one is hashed. */
const batchSize = 4_000;

/** The places of the chain from one to another, in order, as they are in the client's transaction; in constant memory. */
export async function* readChain(
  client: Client,
  range: { readonly from: number; readonly to: number | undefined },
): AsyncIterable<ChainPlace> {
  // The form of times; and for so few rows at a time workers cost more than they help.
  await client.query("set local datestyle = 'ISO'; set local max_parallel_workers_per_gather = 0");
  let batch = copyBatch(client, range.from, range.to);
  try {
    for (let lines = await batch; lines.length > 0; lines = await batch) {
      batch = copyBatch(client, lastPlace(lines) + 1, range.to);
      batch.catch(() => undefined);
      for (let from = 0; from < lines.length;) {
        const to = lines.indexOf(lineEnd, from + pieceBytes) + 1 || lines.length;
        for (const line of lines.toString("latin1", from, to).split("\n"))
          if (line !== "") yield placeIn(line);
        from = to;
      }
    }
  } finally {
    // Whoever has seen enough can ask the client for something else.
    await batch.catch(() => undefined);
  }
}

/** So much is made strings of at once: what the processor has at hand. */
const pieceBytes = 32_768;
const lineEnd = "\n".charCodeAt(0);

function lastPlace(lines: Buffer): number {
  const from = lines.lastIndexOf(lineEnd, -2) + 1;
  return Number.parseInt(lines.toString("latin1", from), 10);
}

/** Where records are written to be hashed; as large as the largest so far. */
let scratch = Buffer.alloc(65_536);

/** `linkHash` of a record in bytes. */
export function linkHashOfBytes(previous: string, record: string): string {
  const linked = previous + record;
  if (linked.length > scratch.length) scratch = Buffer.alloc(linked.length);
  scratch.write(linked, "latin1");
  return hash("sha256", scratch.subarray(0, linked.length), "hex");
}

/** `e.at` as it is: to write it as `chainedFields` has it costs the server as much as all other columns together. */
const columns = chainedFields.map(({ name, sql }) => (name === "at" ? "e.at at time zone 'UTC'" : sql));

async function copyBatch(client: Client, from: number, to: number | undefined): Promise<Buffer> {
  const copy = client.query(
    copyTo(
      `copy (select c.sequence, c.hash, ${columns.join(", ")}
       from audit_chain c left join audit_events e on e.seq = c.event_seq
       where c.sequence >= ${from} ${to === undefined ? "" : `and c.sequence <= ${to}`}
       order by c.sequence limit ${batchSize}) to stdout`,
    ),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of copy as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function placeIn(line: string): ChainPlace {
  const values = line.split("\t");
  const place = Number(values[0]);
  const stored = values[1] ?? "";
  return values[idColumn] === absent
    ? { place, hash: stored }
    : { place, hash: stored, event: eventIn(values) };
}

/** How COPY writes NULL. */
const absent = String.raw`\N`;

const numbers: ReadonlySet<string> = new Set(["seq", "actorPerson", "requesterPerson"]);

/** The place and the hash stand before the event. */
const firstColumn = 2;
const columnOf = (wanted: keyof ChainedEvent): number =>
  firstColumn + chainedFields.findIndex(({ name }) => name === wanted);
const idColumn = columnOf("id");
const typeColumn = columnOf("type");
const atColumn = columnOf("at");

function eventIn(values: readonly string[]): SealedEvent {
  let members = "";
  for (let column = 0; column < writers.length; column += 1) {
    const value = values[firstColumn + column];
    const write = writers[column];
    if (value === undefined || value === absent || !write) continue;
    members += members === "" ? write(value) : `,${write(value)}`;
  }
  return {
    record: `{${members}}`,
    id: values[idColumn] ?? "",
    type: textOf(unescaped(values[typeColumn] ?? "")),
    at: isoTime(values[atColumn] ?? ""),
  };
}

/** Writes a column as a member of the record. */
const writers = chainedFields.map(({ name }): ((value: string) => string) => {
  if (name === "data") return (value) => `"data":${canonicalData(unescaped(value))}`;
  if (name === "at") return (value) => `"at":"${isoTime(value)}"`;
  if (numbers.has(name)) return (value) => `"${name}":${Number(value)}`;
  return (value) => `"${name}":${isPlain.test(value) ? `"${value}"` : JSON.stringify(unescaped(value))}`;
});

/** Whether neither COPY nor JSON writes it differently. */
// oxlint-disable-next-line eslint/no-control-regex
const isPlain = /^[^"\\\x00-\x1F]*$/;

function canonicalData(bytes: string): string {
  return canonicalBytes(bytes) ?? bytesOf(canonicalJson(textOf(bytes)));
}

/** `2026-03-03 10:00:00.12` as `2026-03-03T10:00:00.120Z`. */
function isoTime(value: string): string {
  const point = value.indexOf(".");
  const seconds = point === -1 ? value : value.slice(0, point);
  const fraction = point === -1 ? "" : value.slice(point + 1);
  return `${seconds.replace(" ", "T")}.${fraction.padEnd(3, "0")}Z`;
}

/** Undoes what COPY escapes (https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS). */
function unescaped(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replaceAll(/\\(.)/g, (_, character: string) => escapes.get(character) ?? character);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** An event for whoever has to find it. */
export function wordEvent({ type, id, at }: Pick<ChainedEvent, "type" | "id" | "at">): string {
  return `${type} of ${at} (event ${id})`;
}

/** That places are not there. */
export function wordMissing(first: number, last: number): string {
  return first === last
    ? `place ${first} is missing; it was deleted`
    : `places ${first} to ${last} are missing; they were deleted`;
}
