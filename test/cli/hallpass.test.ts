import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

test("--version is the package's", async () => {
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { code, stdout } = await hallpass(["--version"]);
  expect(code).toBe(0);
  expect(manifest).toContain(`"version": "${stdout.trim()}"`);
});

test("--help names every command", async () => {
  const { code, stdout } = await hallpass(["--help"]);
  expect(code).toBe(0);
  for (const command of ["start", "migrate", "policy", "grants", "people", "audit"])
    expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
});

test("no command is the help, and a failure", async () => {
  const { code, stderr } = await hallpass([]);
  expect(code).toBe(1);
  expect(stderr).toContain("Usage: hallpass");
});

test.each([
  [["strat"], "unknown command 'strat'\n(Did you mean start?)"],
  [["policy", "chek"], "unknown command 'chek'\n(Did you mean check?)"],
  [["audit", "export", "--sinse", "1d"], "unknown option '--sinse'\n(Did you mean --since?)"],
  [["migrate", "now"], "too many arguments"],
])("%j is refused with the nearest that is known", async (args, message) => {
  const { code, stderr } = await hallpass(args);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
});

describe("the .env file of the working directory", () => {
  let cwd: string;
  beforeEach(async () => {
    cwd = await emptyFolder();
  });
  afterEach(() => rm(cwd, { recursive: true }));

  test("is read, and the real environment wins", async () => {
    await writeFile(join(cwd, ".env"), "HALLPASS_CONFIG='from the file.yml' # policy\n");
    expect((await hallpass(["policy", "check"], { cwd })).stdout).toContain("from the file.yml:1:1: ");
    const env = { HALLPASS_CONFIG: "from-env.yml" };
    expect((await hallpass(["policy", "check"], { cwd, env })).stdout).toContain("from-env.yml:1:1: ");
  });

  test("that can't be read is said, with its line and without what it holds", async () => {
    await writeFile(join(cwd, ".env"), "A=1\nSLACK_BOT_TOKEN xoxb-canary\n");
    const { code, stderr } = await hallpass(["policy", "check"], { cwd });
    expect([code, stderr]).toEqual([1, ".env:2: expected NAME=value or a # comment, got something else.\n"]);
  });
});
