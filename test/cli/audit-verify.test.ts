import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { sealNow } from "../support/seal.ts";
import { openDatabase } from "../../src/persistence/database/database.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { emptyFolder, hallpass, type Ran } from "./run-hallpass.ts";

let database: TestDatabase;
let folder: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  database = await createDatabase();
  folder = await emptyFolder();
  env = { DATABASE_URL: database.workUrl, HALLPASS_AUDIT_KEY: createAuditPem() };
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    `insert into audit_events (id, at, type, actor_kind, data)
     select gen_random_uuid(), now(), 'request.created', 'hallpass', '{}' from generate_series(1, 38)`,
  );
  await client.end();
  const bot = openDatabase(database.workUrl);
  await sealNow(bot.prisma);
  await bot.close();
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const verify = (...args: readonly string[]): Promise<Ran> => hallpass(["audit", "verify", ...args], { env });

test("a part of the chain is verified, to its last place", async () => {
  const { code, stdout } = await verify("--from", "30", "--to", "38");
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^The audit is as it was written: 9 events and 0 checkpoints verified\./),
  ]);
});

test("where nothing was verified, nothing reads as if it had been", async () => {
  expect(await verify("--from", "500")).toEqual({
    code: 1,
    stdout: "",
    stderr: "Nothing was verified: --from is 500, and the chain ends at place 38.\n",
  });
  expect(await verify("--from", "39")).toMatchObject({ code: 1, stdout: "" });
});

test("a range that ends before it begins is refused", async () => {
  expect(await verify("--from", "500", "--to", "3")).toEqual({
    code: 1,
    stdout: "",
    stderr: "--to must be a place from --from on, got --from 500 --to 3.\n",
  });
});

test("places beyond the end that were asked for are missing", async () => {
  const { code, stdout } = await verify("--from", "500", "--to", "600");
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^NOT as it was written.*\n- places 500 to 600 are missing; they were deleted\n$/),
  ]);
});

test("an archive that is not there is refused, and an empty one is said", async () => {
  const nowhere = await verify("--archive", join(folder, "nowhere"));
  expect(nowhere).toMatchObject({ code: 1, stdout: "" });
  expect(nowhere.stderr).toMatch(/^The archive can't be read from \S+nowhere: ENOENT[^\n]*\.\n$/);

  await writeFile(join(folder, "file"), "");
  expect(await verify("--archive", join(folder, "file"))).toEqual({
    code: 1,
    stdout: "",
    stderr: `--archive must be the directory that audit retain kept its files in, got the file ${join(folder, "file")}.\n`,
  });

  await mkdir(join(folder, "empty"));
  const { code, stdout } = await verify("--archive", join(folder, "empty"));
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(
      ` No place was retired, so there was nothing in ${join(folder, "empty")} to verify.`,
    ),
  ]);
});
