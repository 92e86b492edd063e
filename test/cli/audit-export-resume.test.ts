import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { copyFile, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { canonicalize } from "json-canonicalize";
import { Client } from "pg";
import { z } from "zod";
import { exportAudit } from "../../src/audit/export/export.ts";
import type { ExportFormat } from "../../src/audit/export/filters.ts";
import { findProof } from "../../src/audit/export/proof.ts";
import { openPossiblyCompressed } from "../../src/audit/export/open-file.ts";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";
import { verifyExport } from "../../src/audit/verify/verify-export.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Proxy, startProxy } from "../support/proxy.ts";
import { emptyFolder, hallpass, type Ran, spawnHallpass } from "./run-hallpass.ts";

const pem = createAuditPem();
const key = signingKeyFrom(pem, "test");
let database: TestDatabase;
let client: Client;
let folder: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  database = await createDatabase();
  folder = await emptyFolder();
  env = { DATABASE_URL: database.workUrl, HALLPASS_AUDIT_KEY: pem };
  client = new Client({ connectionString: database.url });
  await client.connect();
  await insertEvents(10_000);
});
afterAll(async () => {
  await client.end();
  await rm(folder, { recursive: true });
  await database.close();
});

/** Some 7 MB of 10,000, with line breaks in cells that look like the end of a row, and with data that are empty. */
async function insertEvents(count: number): Promise<void> {
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, rule, data)
     select gen_random_uuid(), now(), 'request.cancelled', 'hallpass',
       case n % 5 when 0 then E'a\\n12,2026-03-01T00:00:00.000Z,t,{}\\n"}"' end,
       case when n % 3 = 0 then '{}' else jsonb_build_object('reason', repeat('r', 900) || n) end
     from generate_series(1, ${count}) n`,
  );
}

const Journal = z.looseObject({
  extent: z.looseObject({ last: z.looseObject({ seq: z.number() }) }),
  written: z.looseObject({ offset: z.number(), after: z.number() }).nullable(),
});

async function readJournal(path: string): Promise<z.infer<typeof Journal> | undefined> {
  const content = await readFile(`${path}.part.json`, "utf8").catch(() => undefined);
  return content === undefined ? undefined : Journal.parse(JSON.parse(content));
}

/** Looks each time that a file comes or changes. */
async function untilFolder(isSo: () => Promise<boolean>): Promise<void> {
  const watcher = watch(folder);
  try {
    for (;;) {
      const changed = once(watcher, "change");
      if (await isSo()) return;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

type Stalled = { readonly child: ChildProcess; readonly proxy: Proxy; readonly stderr: Promise<string> };

/** Begins an export over a connection that goes silent in the middle, and waits until a part of it is kept. */
async function stall(path: string, options: readonly string[], megabytes = 5): Promise<Stalled> {
  let answered = 0;
  let silent = (): void => undefined;
  const isSilent = new Promise<void>((resolve) => (silent = resolve));
  const proxy = await startProxy(database.workUrl, ({ chunk, from }) => {
    if (from === "answer") answered += chunk.length;
    if (answered <= megabytes * 1_024 * 1_024) return;
    proxy.hold();
    silent();
  });
  const child = spawnHallpass(["audit", "export", ...options, "--output", path], {
    env: { ...env, DATABASE_URL: proxy.url },
  });
  const stderr = text(child.stderr);
  await untilFolder(async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${await stderr}`);
    return Boolean((await readJournal(path))?.written);
  });
  await isSilent;
  return { child, proxy, stderr };
}

async function kill({ child, proxy }: Stalled): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
  expect(child.signalCode).toBe("SIGKILL");
  await proxy.close();
}

function run(...args: readonly string[]): Promise<Ran> {
  return hallpass(["audit", "export", ...args], { env });
}

const filesOf = async (name: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((each) => each.startsWith(`${name}.`) || each === name);

/** Expects all rows an export up to `last` would have, no other, and a proof of them. */
async function expectWhole(path: string, format: ExportFormat, last: number): Promise<void> {
  const bytes = await buffer(await openPossiblyCompressed(path));
  const { at, proof } = findProof(bytes)!;
  const whole = await buffer(exportAudit({ databaseUrl: database.url, key }, { format }).stream);
  expect(Buffer.compare(whole.subarray(0, at), bytes.subarray(0, at))).toBe(0);
  const next = /^(?:\{"seq":)?(\d+),/.exec(whole.subarray(at, at + 40).toString())?.[1];
  expect(Number(next)).toBeGreaterThan(last);
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from audit_events where seq <= $1",
    [last],
  );
  expect(proof.rows).toBe(rows[0]?.count);
  const chunks: AsyncIterable<Buffer> = await openPossiblyCompressed(path);
  expect(await verifyExport(chunks, { keys: [key.publicKey], checkpoints: [] })).toMatchObject({
    faults: [],
  });
}

test.each([
  ["csv", ""],
  ["csv", ".gz"],
  ["jsonl", ""],
  ["json", ""],
] as const)(
  "killed in the middle, an export as %s%s is finished with the same rows",
  async (format, packed) => {
    const name = `killed.${format}${packed}`;
    const path = join(folder, name);
    const options = ["--format", format, "--since", "30d"];
    await kill(await stall(path, options));
    expect(await filesOf(name)).toEqual([`${name}.part`, `${name}.part.json`]);
    const { extent } = (await readJournal(path))!;
    // As a piece that was on its way leaves it.
    await writeFile(`${path}.part`, "half a row", { flag: "a" });
    await insertEvents(3);
    const { code, stdout, stderr } = await run(...options, "--output", path, "--resume");
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect(await filesOf(name)).toEqual([name]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expectWhole(path, format, extent.last.seq);
  },
);

test("a connection that is lost says how to go on, also twice", async () => {
  const path = join(folder, "lost.jsonl");
  const stalled = await stall(path, ["--format", "jsonl"]);
  const closed = once(stalled.child, "close");
  await stalled.proxy.close();
  await closed;
  expect(stalled.child.exitCode).toBe(1);
  expect(await stalled.stderr).toMatch(
    /^The export failed after \d+ events: .+\. The same command with --resume finishes it\.\n$/,
  );
  const { extent, written } = (await readJournal(path))!;
  // Nothing of the second run comes as far as being kept.
  const again = await stall(path, ["--format", "jsonl", "--resume"], 1);
  await kill(again);
  expect(await readJournal(path)).toMatchObject({ extent, written });
  expect(await run("--format", "jsonl", "--resume", "--output", path)).toMatchObject({ code: 0, stderr: "" });
  await expectWhole(path, "jsonl", extent.last.seq);
});

test("an event that was still being written when an export began is in it", async () => {
  const path = join(folder, "late.jsonl");
  const late = new Client({ connectionString: database.url });
  await late.connect();
  await late.query("begin");
  const { rows } = await late.query<{ seq: string }>(
    `insert into audit_events (id, at, type, actor_kind, data)
     values (gen_random_uuid(), now(), 'audit.refused', 'hallpass', '{}') returning seq`,
  );
  const exported = run("--format", "jsonl", "--type", "audit.refused", "--output", path);
  const waits = `select 1 from pg_stat_activity
    where application_name = 'hallpass audit export' and query like '%pg_locks%' and datname = current_database()`;
  while ((await client.query(waits)).rowCount === 0);
  await late.query("commit");
  await late.end();
  expect(await exported).toMatchObject({ code: 0, stderr: "" });
  const [row, proof] = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(row).toContain(`{"seq":${rows[0]?.seq},`);
  expect(proof).toContain("export.proof");
});

test("a run waits for the one that is still writing", async () => {
  const path = join(folder, "both.jsonl");
  const first = await stall(path, ["--format", "jsonl"]);
  const { extent } = (await readJournal(path))!;
  const second = run("--format", "jsonl", "--resume", "--output", path);
  const waits = `select 1 from pg_stat_activity
    where application_name = 'hallpass audit export' and query like '%pg_try_advisory%' and datname = current_database()`;
  while ((await client.query(waits)).rowCount === 0);
  await kill(first);
  expect(await second).toMatchObject({ code: 0, stderr: "" });
  await expectWhole(path, "jsonl", extent.last.seq);
});

describe("with what a run left", () => {
  const options = ["--format", "csv"];
  let left: string;
  beforeAll(async () => {
    left = join(folder, "left.csv");
    await kill(await stall(left, options));
  });

  /** A copy of it under another name. */
  async function copy(name: string): Promise<string> {
    const path = join(folder, name);
    await copyFile(`${left}.part`, `${path}.part`);
    await copyFile(`${left}.part.json`, `${path}.part.json`);
    return path;
  }

  /** What a run said that was refused in a line and has changed nothing. */
  async function refusal(path: string, refused: Promise<Ran>): Promise<string> {
    const before = await readFile(`${path}.part`).catch(() => undefined);
    const { code, stdout, stderr } = await refused;
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([1, "", 1]);
    const after = await readFile(`${path}.part`).catch(() => undefined);
    expect(before === undefined ? after === undefined : after?.equals(before)).toBe(true);
    return stderr;
  }

  test("nothing is written over it, and other options are refused", async () => {
    const at = ["--output", left];
    expect(await refusal(left, run(...options, ...at))).toMatch(
      /left\.csv\.part is there already: .* Give --resume/,
    );
    expect(await refusal(left, run(...options, "--rule", "writers", ...at, "--resume"))).toMatch(
      /was begun with --format "csv", and this is --format "csv" --rule "writers": give the same, or delete/,
    );
    expect(await refusal(left, run("--format", "json", ...at, "--resume"))).toMatch(
      /this is --format "json": give/,
    );
  });

  test("there must be something to go on with", async () => {
    const none = join(folder, "none.csv");
    expect(await refusal(none, run("--output", none, "--resume"))).toMatch(/^There is nothing to go on with/);
    expect(await refusal(none, run("--resume"))).toMatch(
      /^--resume goes on with a file: give the same --output/,
    );
    expect(await refusal(none, run("--resume", "--output", "/dev/null"))).toMatch(/--output is none/);
    expect(await refusal(none, run("--resume", "--sealed", "--output", none))).toMatch(
      /begin a --sealed one anew/,
    );
    const path = await copy("alone.csv");
    await rm(`${path}.part.json`);
    expect(await refusal(path, run("--output", path, "--resume"))).toMatch(
      /There is no .*alone\.csv\.part\.json/,
    );
  });

  test("it proves nothing that was changed meanwhile", async () => {
    const path = await copy("changed.csv");
    const bytes = await readFile(`${path}.part`);
    bytes[4_711]! ^= 1;
    await writeFile(`${path}.part`, bytes);
    expect(await refusal(path, run("--output", path, "--resume"))).toMatch(
      /is not as it was written: delete it and/,
    );
    await copyFile(`${left}.part`, `${path}.part`);
    const journal = await readFile(`${path}.part.json`, "utf8");
    await writeFile(`${path}.part.json`, journal.replace('"after":', '"after":1'));
    expect(await refusal(path, run("--output", path, "--resume"))).toMatch(
      /does not count: its signature is not ours/,
    );
  });

  test("it goes on with the database it was begun with", async () => {
    const path = await copy("other.csv");
    const other = await createDatabase();
    try {
      const refused = hallpass(["audit", "export", "--resume", "--output", path], {
        env: { ...env, DATABASE_URL: other.workUrl },
      });
      expect(await refusal(path, refused)).toMatch(/was begun with another database/);
    } finally {
      await other.close();
    }
  });

  test("it goes on with the key and the version it was begun with", async () => {
    const path = await copy("signed.csv");
    const resume = ["audit", "export", "--resume", "--output", path];
    const otherKey = hallpass(resume, { env: { ...env, HALLPASS_AUDIT_KEY: createAuditPem() } });
    expect(await refusal(path, otherKey)).toMatch(
      /is signed by the key .* and the key given is .* Use that key, or delete/,
    );
    const { signature: _, ...journal } = z
      .looseObject({ hallpass: z.string(), signature: z.string() })
      .parse(JSON.parse(await readFile(`${path}.part.json`, "utf8")));
    const earlier = { ...journal, hallpass: "0.0.9" };
    const signed = { ...earlier, signature: key.sign(canonicalize(earlier)) };
    await writeFile(`${path}.part.json`, JSON.stringify(signed));
    expect(await refusal(path, run("--output", path, "--resume"))).toMatch(
      /was begun by Hallpass 0\.0\.9, and this is /,
    );
  });

  test("it proves nothing once events were retired", async () => {
    const path = await copy("retired.csv");
    // As `audit retain` leaves one, without its look at the chain.
    await client.query(
      `set session_replication_role = replica;
       insert into audit_tombstones (first_sequence, last_sequence, previous_hash, last_hash, first_at, last_at, at, key_id, signature)
       values (1, 1, repeat('0', 64), repeat('1', 64), now(), now(), now(), 'key', 'signature')`,
    );
    try {
      expect(await refusal(path, run("--output", path, "--resume"))).toMatch(
        /events were retired since it was begun; delete it and begin anew/,
      );
    } finally {
      await client.query("delete from audit_tombstones; reset session_replication_role");
    }
  });

  test("a link is followed to its file", async () => {
    const path = await copy("linked.csv");
    await writeFile(path, "an earlier export");
    await symlink(path, join(folder, "link.csv"));
    expect(await run("--output", join(folder, "link.csv"), "--resume")).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(await filesOf("linked.csv")).toEqual(["linked.csv"]);
    await expectWhole(path, "csv", (await readJournal(left))!.extent.last.seq);
  });
});
