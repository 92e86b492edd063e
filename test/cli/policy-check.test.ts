import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));

test("the example is fine, and says how much it says", async () => {
  const { code, stdout, stderr } = await hallpass(["policy", "check", example]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe(`${example} is fine: 3 rules, 1 resource, 2 people can be asked\n`);
});

test("HALLPASS_CONFIG is checked when no file is named", async () => {
  const { code, stdout } = await hallpass(["policy", "check"], { env: { HALLPASS_CONFIG: example } });
  expect(code).toBe(0);
  expect(stdout).toContain(`${example} is fine`);
});

test("faults are printed a line each, where they stand", async () => {
  const cwd = await emptyFolder();
  try {
    await writeFile(join(cwd, "hallpass.yml"), 'version: 2\nsettings: { channel: "#a" }\nrulez: []\n');
    const { code, stdout, stderr } = await hallpass(["policy", "check"], { cwd });
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^hallpass\.yml:1:10: expected 1/),
      expect.stringMatching(/^hallpass\.yml:3:1: unknown key "rulez", did you mean "rules"\?/),
      "",
    ]);
  } finally {
    await rm(cwd, { recursive: true });
  }
});

test("a file that is missing is a fault", async () => {
  const { code, stdout } = await hallpass(["policy", "check", "nowhere.yml"]);
  expect(code).toBe(1);
  expect(stdout).toBe("nowhere.yml:1:1: expected a policy file or folder, found none here\n");
});

test("--json says the same to programs", async () => {
  const fine = await hallpass(["policy", "check", "--json", example]);
  expect([fine.code, JSON.parse(fine.stdout)]).toEqual([0, { ok: true, faults: [], warnings: [] }]);
  const missing = await hallpass(["policy", "check", "--json", "nowhere.yml"]);
  const message = "expected a policy file or folder, found none here";
  expect([missing.code, JSON.parse(missing.stdout)]).toEqual([
    1,
    { ok: false, faults: [{ file: "nowhere.yml", line: 1, column: 1, message }], warnings: [] },
  ]);
});
