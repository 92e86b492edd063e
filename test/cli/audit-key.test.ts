import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createAuditPem } from "../support/audit-key.ts";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await emptyFolder();
});
afterEach(() => rm(dataDir, { recursive: true }));

test("a key that was made for the question is said to be new, and where it is", async () => {
  const env = { HALLPASS_DATA_DIR: dataDir };
  const first = await hallpass(["audit", "key"], { env });
  expect([first.code, first.stdout]).toEqual([
    0,
    expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n[^-]+-----END PUBLIC KEY-----\n$/),
  ]);
  const [id, said, end] = first.stderr.split("\n");
  expect([id, said, end]).toEqual([
    expect.stringMatching(/^key \w{16}$/),
    expect.stringContaining(`this one was made just now, in ${join(dataDir, "audit-key.pem")}.`),
    "",
  ]);
  expect(await hallpass(["audit", "key"], { env })).toEqual({
    code: 0,
    stdout: first.stdout,
    stderr: `${id}\n`,
  });
});

test("a key that was given is nobody's news", async () => {
  const env = { HALLPASS_DATA_DIR: join(dataDir, "nothing"), HALLPASS_AUDIT_KEY: createAuditPem() };
  const { code, stderr } = await hallpass(["audit", "key"], { env });
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^key \w{16}\n$/)]);
});
