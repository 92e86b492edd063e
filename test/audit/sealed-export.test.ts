import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Client } from "pg";
import { linkHash } from "../../src/audit/chain/chain.ts";
import { type Checkpoint, makeCheckpoint } from "../../src/audit/chain/checkpoint.ts";
import { sealNow } from "../support/seal.ts";
import { exportSealed, findSealed } from "../../src/audit/export/sealed-export.ts";
import { withSnapshot } from "../../src/audit/chain/snapshot.ts";
import { type SealedVerification, verifySealed } from "../../src/audit/verify/verify-sealed.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { createAuditKey } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const key = createAuditKey();

let test: TestDatabase;
let checkpoint: Checkpoint;
/** A line each: the header, places 1 to 20, the proof. */
let whole: readonly string[];

beforeAll(async () => {
  test = await createDatabase();
  const client = new Client({ connectionString: test.url });
  await client.connect();
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), '2026-03-03', 'request.cancelled', 'hallpass', jsonb_build_object('reason', 'é' || U&'\\2028' || n)
     from generate_series(1, 20) n`,
  );
  await client.end();
  const database = openDatabase(test.workUrl);
  await sealNow(database.prisma);
  checkpoint = (await makeCheckpoint(database.prisma, createMovableClock(), key))!;
  await database.close();
  whole = await exported({});
});
afterAll(() => test.close());

async function exported(asked: Parameters<typeof findSealed>[1]): Promise<readonly string[]> {
  const bytes = await withSnapshot({ databaseUrl: test.workUrl, name: "test" }, async (client) => {
    const range = await findSealed(client, asked);
    if ("fault" in range) throw new Error(range.fault);
    return buffer(exportSealed(client, range, key).stream);
  });
  return bytes.toString().split(/(?<=\n)/);
}

function verify(
  lines: readonly string[] | Buffer,
  checkpoints: readonly Checkpoint[] = [],
): Promise<SealedVerification> {
  const bytes = Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join(""));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 333) }, (_, at) =>
    bytes.subarray(at * 333, (at + 1) * 333),
  );
  return verifySealed(Readable.from(pieces), { keys: [key.publicKey], checkpoints });
}

async function faults(lines: readonly string[]): Promise<readonly string[]> {
  return (await verify(lines)).faults;
}

type Parsed = { readonly sequence: number; readonly hash: string; readonly record: string };

function read(line: string): Parsed {
  const [, sequence = "", hash = "", record = ""] =
    /^\{"sequence":(\d+),"hash":"(\w+)","record":(.*)\}\n$/s.exec(line)!;
  return { sequence: Number(sequence), hash, record };
}

function row({ sequence, hash, record }: Parsed): string {
  return `{"sequence":${sequence},"hash":"${hash}","record":${record}}\n`;
}

/** With places numbered as they stand, as somebody does who hides what they did. */
function renumbered(lines: readonly string[]): readonly string[] {
  return lines.map((line, at) =>
    at === 0 || at === lines.length - 1 ? line : row({ ...read(line), sequence: at }),
  );
}

const forged = (line: string): string => line.replace("é", "e");

it("finds nothing wrong with the whole chain or a part of it, and compares checkpoints at any place", async () => {
  expect(await verify(whole, [checkpoint])).toEqual({
    proof: expect.objectContaining({ from: 1, to: 20, hash: checkpoint.hash }),
    rows: 20,
    checkpoints: 1,
    unbound: { people: 0, number: 0 },
    faults: [],
  });
  const part = await exported({ from: 5, to: 9 });
  const { hash } = read(whole[4]!);
  expect(JSON.parse(part[0]!)).toEqual({
    format: "hallpass-audit-sealed",
    version: 1,
    from: 5,
    previous: hash,
  });
  expect(await verify(part, [checkpoint])).toMatchObject({ rows: 5, checkpoints: 0, faults: [] });
  expect(part.slice(1, -1)).toEqual(whole.slice(5, 10));
});

it("refuses a range that is not there", async () => {
  await expect(exported({ from: 21 })).rejects.toThrow("place 21 comes after place 20");
  await expect(exported({ to: 21 })).rejects.toThrow("the chain ends at place 20");
});

it("names the row that was changed, with its hash or without, and one that is not even text", async () => {
  const changed = forged(whole[7]!);
  const named = [expect.stringMatching(/^place 7: request\.cancelled of .* is not what was sealed there/)];
  expect(await faults(whole.with(7, changed))).toEqual(named);
  const bytes = Buffer.from(whole.join(""));
  bytes[bytes.indexOf("é", bytes.indexOf('{"sequence":7,'))] = 0xff;
  expect((await verify(bytes)).faults).toEqual(named);
  const hash = linkHash(read(whole[6]!).hash, read(changed).record);
  // From there on nothing is linked to it: the next place names it.
  expect(await faults(whole.with(7, row({ ...read(changed), hash })))).toEqual([
    expect.stringMatching(/^place 8: .* is not what was sealed there/),
  ]);
  expect(await faults(whole.with(7, row({ ...read(whole[7]!), hash: "f".repeat(64) })))).toEqual([
    expect.stringMatching(/^place 7: /),
    expect.stringMatching(/^place 8: /),
  ]);
  expect(await faults(whole.with(7, "something else\n"))).toEqual([
    "place 7: what stands there is no row of an export; it was changed or inserted",
  ]);
});

it("names the row that was deleted", async () => {
  expect(await faults(whole.toSpliced(7, 1))).toEqual(["place 7 is missing; it was deleted"]);
  expect(await faults(whole.toSpliced(7, 3))).toEqual(["places 7 to 9 are missing; they were deleted"]);
  expect(await faults(renumbered(whole.toSpliced(7, 1)))).toEqual([
    expect.stringMatching(/^place 7: /),
    "place 20 is missing; it was deleted: the proof names place 20 as the last",
  ]);
  expect(await faults(whole.toSpliced(1, 1))).toEqual(["place 1 is missing; it was deleted"]);
});

it("names the row that was inserted", async () => {
  expect(await faults(whole.toSpliced(8, 0, whole[7]!))).toEqual([
    expect.stringMatching(/^place 7 stands behind place 7: request\.cancelled .* was inserted or exchanged/),
  ]);
  const record = read(forged(whole[7]!)).record;
  const linked = { sequence: 8, hash: linkHash(read(whole[7]!).hash, record), record };
  const after = "it ends at place 21, and the proof names 20: something was inserted";
  expect(await faults(renumbered(whole.toSpliced(8, 0, row(linked))))).toEqual([
    expect.stringMatching(/^place 8: request\.cancelled .* was inserted there/),
    after,
  ]);
  expect(await faults(renumbered(whole.toSpliced(8, 0, row({ ...linked, hash: "e".repeat(64) }))))).toEqual([
    expect.stringMatching(/^place 8: /),
    after,
  ]);
});

it("names the rows that were exchanged", async () => {
  const exchanged = whole.with(7, whole[8]!).with(8, whole[7]!);
  expect(await faults(exchanged)).toEqual([
    "place 7 is missing; it was deleted",
    expect.stringMatching(/^place 7 stands behind place 8: .* exchanged/),
  ]);
  const found = await faults(renumbered(exchanged));
  expect(found[0]).toMatch(/^place 7: .* is not what was sealed there/);
});

it("names the end that was cut off, wherever", async () => {
  const cut = /^its end was cut off, or changed: there is no proof behind place (\d+)$/;
  for (const [lines, last] of [
    [whole.slice(0, 13), "12"],
    [[...whole.slice(0, 13), whole[13]!.slice(0, -1)], "12"],
    [whole.slice(0, -1), "20"],
    [[...whole.slice(0, -1), whole.at(-1)!.slice(0, -1)], "20"],
  ] as const)
    expect((await faults(lines)).map((fault) => cut.exec(fault)?.[1])).toEqual([last]);
  expect(await faults([...whole.slice(0, 13), whole.at(-1)!])).toEqual([
    "places 13 to 20 are missing; they were deleted: the proof names place 20 as the last",
  ]);
  expect(await faults([...whole, whole[20]!])).toEqual(["something stands after the proof"]);
  expect(await faults([])).toEqual([
    cut.exec("its end was cut off, or changed: there is no proof behind place 0")?.[0],
  ]);
});

it("finds a chain that was written anew from a place on, by the proof and by a checkpoint", async () => {
  let { hash } = read(whole[6]!);
  const anew = whole.map((line, at) => {
    if (at < 7 || at === whole.length - 1) return line;
    const { sequence, record } = read(at === 7 ? forged(line) : line);
    hash = linkHash(hash, record);
    return row({ sequence, hash, record });
  });
  const { faults: found } = await verify(anew, [checkpoint]);
  expect(found).toEqual([
    expect.stringMatching(/^place 20: the checkpoint of .* written anew/),
    expect.stringMatching(/^place 20: .* was signed, .* written anew/),
  ]);
});

it("believes neither a header nor a proof that says something else than was signed", async () => {
  const part = await exported({ from: 5, to: 9 });
  expect(await faults(part.slice(1))).toEqual([
    expect.stringMatching(/^it does not begin as a sealed export does/),
  ]);
  expect(await faults(part.with(0, part[0]!.replace('"from":5', '"from":4')))).toEqual([
    "place 4 is missing; it was deleted",
    expect.stringMatching(/^its first line was changed/),
  ]);
  const previous = part[0]!.replace(/"previous":"\w+"/, `"previous":"${"0".repeat(64)}"`);
  expect(await faults(part.with(0, previous))).toEqual([
    expect.stringMatching(/^place 5: /),
    expect.stringMatching(/^its first line was changed/),
  ]);
  expect(await faults(part.with(part.length - 1, part.at(-1)!.replace('"to":9', '"to":8')))).toEqual([
    "the proof it ends with does not count: its signature is not ours",
  ]);
  expect(await faults([...part.slice(0, -1), whole.at(-1)!])).not.toEqual([]);
});
