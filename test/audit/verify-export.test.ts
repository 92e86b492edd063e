import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Client } from "pg";
import { type Checkpoint, makeCheckpoint } from "../../src/audit/chain/checkpoint.ts";
import { exportAudit } from "../../src/audit/export/export.ts";
import type { ExportFilters } from "../../src/audit/export/filters.ts";
import { findProof, wordProof } from "../../src/audit/export/proof.ts";
import { sealNow } from "../support/seal.ts";
import { type ExportVerification, verifyExport } from "../../src/audit/verify/verify-export.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { createAuditKey } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const key = createAuditKey();
const formats = ["csv", "jsonl", "json"] as const;
type Format = (typeof formats)[number];

let test: TestDatabase;
let checkpoint: Checkpoint;
const written = new Map<string, Buffer>();

beforeAll(async () => {
  test = await createDatabase();
  const client = new Client({ connectionString: test.url });
  await client.connect();
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, rule, data)
     select gen_random_uuid(), '2026-03-03', 'request.cancelled', 'hallpass', 'a' || E'\\n' || n || ',"=', jsonb_build_object('n', n)
     from generate_series(1, 20) n`,
  );
  await client.end();
  const database = openDatabase(test.workUrl);
  await sealNow(database.prisma);
  checkpoint = (await makeCheckpoint(database.prisma, createMovableClock(), key))!;
  await database.close();
  for (const format of formats) {
    written.set(format, await exported({ format }));
    written.set(`empty ${format}`, await exported({ format, type: "drift" }));
  }
});
afterAll(() => test.close());

function exported(filters: ExportFilters): Promise<Buffer> {
  return buffer(exportAudit({ databaseUrl: test.workUrl, key }, filters).stream);
}

function verify(bytes: Buffer, checkpoints: readonly Checkpoint[] = []): Promise<ExportVerification> {
  // In pieces as small as a stream may be given in.
  const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, at) =>
    bytes.subarray(at * 777, (at + 1) * 777),
  );
  return verifyExport(Readable.from(pieces), { keys: [key.publicKey], checkpoints });
}

it.each(formats)("finds nothing wrong with %s as it was written, and says what it is", async (format) => {
  expect(await verify(written.get(format)!, [checkpoint])).toEqual({
    proof: expect.objectContaining({
      format,
      rows: 20,
      filters: {},
      head: { sequence: 20, hash: checkpoint.hash },
    }),
    checkpoints: 1,
    faults: [],
  });
  expect(await verify(written.get(`empty ${format}`)!)).toMatchObject({
    proof: { rows: 0, filters: { type: "drift" } },
    faults: [],
  });
});

const at = (bytes: Buffer, part: number): number => Math.floor(bytes.length * part);
const lines = (bytes: Buffer): readonly string[] => bytes.toString().split(/(?<=\n)/);
const joined = (all: readonly string[]): Buffer => Buffer.from(all.join(""));
const breaks: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  "a byte is changed": (bytes) => {
    const changed = Buffer.from(bytes);
    changed[at(bytes, 0.4)]! ^= 1;
    return changed;
  },
  "a row is deleted": (bytes) => joined(lines(bytes).toSpliced(5, 1)),
  "a row is inserted": (bytes) => joined(lines(bytes).toSpliced(5, 0, lines(bytes)[5]!)),
  "rows are exchanged": (bytes) => joined(lines(bytes).with(5, lines(bytes)[6]!).with(6, lines(bytes)[5]!)),
  "the end is cut off": (bytes) => joined(lines(bytes).slice(0, 12)),
  "the last byte is cut off": (bytes) => bytes.subarray(0, -1),
  "something stands after the proof": (bytes) => Buffer.concat([bytes, Buffer.from("\n")]),
  "nothing is left": () => Buffer.alloc(0),
  "line breaks are written otherwise": (bytes) => Buffer.from(bytes.toString().replaceAll("\n", "\r\n")),
};

it.each(formats)("finds %s that was changed in any way", async (format) => {
  for (const [what, change] of Object.entries(breaks)) {
    const { faults } = await verify(change(written.get(format)!));
    expect([what, faults]).toEqual([what, [expect.stringMatching(/was changed|cut off/)]]);
  }
});

function withProof(format: Format, change: Readonly<Record<string, unknown>>): Buffer {
  const bytes = written.get(format)!;
  const { proof, at: place } = findProof(bytes)!;
  return Buffer.concat([bytes.subarray(0, place), Buffer.from(wordProof({ ...proof, ...change }))]);
}

it.each(formats)("believes no proof of %s that says something else than was signed", async (format) => {
  for (const change of [
    { rows: 21 },
    { filters: { type: "request" } },
    { sha256: "0".repeat(64) },
    { head: { sequence: 21, hash: checkpoint.hash } },
    { at: "2026-01-01T00:00:00.000Z" },
  ])
    expect((await verify(withProof(format, change))).faults).toEqual([
      "the proof it ends with does not count: its signature is not ours",
    ]);
  const theirs = createAuditKey();
  const found = await verifyExport(Readable.from([written.get(format)!]), {
    keys: [theirs.publicKey],
    checkpoints: [],
  });
  expect(found.faults).toEqual([expect.stringContaining(`signed by the key ${key.publicKey.id}`)]);
});

it.each(formats)("covers the cells around the proof of %s too", async (format) => {
  const bytes = written.get(format)!.toString();
  const row = bytes.lastIndexOf("\n", bytes.lastIndexOf("export.proof"));
  const [before, proof] = [bytes.slice(0, row), bytes.slice(row)];
  const changes =
    format === "csv"
      ? [proof.replace(",,", ",,rule,"), proof.replace(/,2\d\d\d-/, ",1999-")]
      : [proof.replace('"rule":null', '"rule":"r"'), proof.replace(/"at":"2\d\d\d-/, '"at":"1999-')];
  for (const changed of changes) {
    expect(changed).not.toBe(proof);
    expect((await verify(Buffer.from(before + changed))).faults).toEqual([
      expect.stringContaining("does not end with a proof"),
    ]);
  }
});

it("finds a chain that was written anew by a checkpoint of the same place", async () => {
  const other = { ...checkpoint, hash: "f".repeat(64) };
  const { faults } = await verify(written.get("csv")!, [other, { ...other, sequence: 19 }]);
  expect(faults).toEqual([expect.stringMatching(/^the checkpoint of .* written anew/)]);
});

it("holds no formula in its last row, whatever was filtered by", async () => {
  const bytes = await exported({ format: "csv", resource: ';=cmd(),"\u2028' });
  expect(await verify(bytes)).toMatchObject({
    proof: { filters: { resource: ';=cmd(),"\u2028' } },
    faults: [],
  });
  expect(bytes.toString()).not.toMatch(/;\s*=|\u2028/);
});
