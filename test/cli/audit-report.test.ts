import { readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { findBrowser } from "../support/browser.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { describeIf } from "../support/describe-if.ts";
import { emptyFolder, hallpass, type Ran } from "./run-hallpass.ts";

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createDatabase();
  folder = await emptyFolder();
  await query(
    `insert into audit_events (id, at, type, actor_kind, resource, rule, data)
     values (gen_random_uuid(), '2026-02-28T23:30Z', 'request.created', 'hallpass', 'orders-db', '=cmd', '{}')`,
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.close();
});

async function query(sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function report(options: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return hallpass(["audit", "report", ...options], {
    cwd: folder,
    env: { DATABASE_URL: database.workUrl, HALLPASS_DATA_DIR: folder, ...env },
  });
}

test("a report is one file for its owner only, in UTC without a policy, and on record", async () => {
  const output = join(folder, "report.html");
  const { code, stdout, stderr } = await report(["--period", "2026-02", "--output", output]);
  expect([code, stdout, stderr]).toEqual([0, "", ""]);
  expect((await stat(output)).mode & 0o777).toBe(0o600);
  const page = await readFile(output, "utf8");
  expect(page).toContain("Days and times are in UTC: no policy could be read that names a time zone.");
  expect(page).toContain("1 request filed.");
  expect(page).not.toMatch(/<script|<link|<img|src=|url\(|@import/i);
  expect(await query("select data from audit_events where type = 'audit.exported'")).toEqual([
    {
      data: {
        format: "html",
        via: "cli",
        filters: {
          report: "2026-02",
          since: "2026-02-01T00:00:00.000Z",
          until: "2026-03-01T00:00:00.000Z",
        },
      },
    },
  ]);
});

test("days are those of the policy's time zone, and figures are lines", async () => {
  const policy = join(folder, "policy.yml");
  const example = await readFile(new URL("../../hallpass.example.yml", import.meta.url), "utf8");
  await writeFile(policy, example.replace(/^( *timezone:).*$/m, "$1 Europe/Berlin"));
  const { code, stdout, stderr } = await report(["--period", "2026-03", "--format", "csv"], {
    HALLPASS_CONFIG: policy,
  });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n")[0]).toBe("section,metric,value");
  expect(stdout).toContain("report,time zone,Europe/Berlin\n");
  // Half an hour into March there.
  expect(stdout).toContain("requests,Requests in all / filed / Count,1\n");
  expect(stdout).toContain("rules,Rules by requests filed / =cmd / filed,1\n");
});

test.each([
  [["--period", "2026-Q5"], /^--period must be a quarter such as 2026-Q3, .*, got "2026-Q5"\.\n$/],
  [["--period", "2026", "--format", "docx"], /^--format must be html, pdf or csv, got "docx"\.\n$/],
  [
    ["--period", "2026", "--output", "x.docx"],
    /^--output must end in \.html, \.pdf or \.csv, or --format .* got "x\.docx"\.\n$/,
  ],
  [
    ["--period", "2026", "--format", "csv", "--output", "x.pdf"],
    /^--format csv does not go with --output x\.pdf: /,
  ],
  [
    ["--period", "2026", "--output", "/nowhere/r.html"],
    /^The report can't be written to \/nowhere\/r\.html: ENOENT/,
  ],
])("%j is refused in one line", async (options, message) => {
  const { code, stdout, stderr } = await report(options);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
});

test("without a browser there is no PDF, and it is said what helps", async () => {
  const bare = await emptyFolder();
  try {
    await symlink(process.execPath, join(bare, "node"));
    const { code, stdout, stderr } = await report(["--period", "2026", "--format", "pdf"], { PATH: bare });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^A PDF needs a browser on the PATH \(chromium, .*use --format html and print it\.\n$/,
    );
  } finally {
    await rm(bare, { recursive: true });
  }
});

describeIf(findBrowser() !== undefined, "no Chromium on PATH")("with a browser on the PATH", () => {
  test("there is a PDF", async () => {
    const output = join(folder, "report.pdf");
    const { code, stdout, stderr } = await report(["--period", "2026", "--output", output]);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
    expect((await readFile(output)).subarray(0, 5).toString()).toBe("%PDF-");
    expect((await stat(output)).mode & 0o777).toBe(0o600);
  }, 90_000);
});
