import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSigningKey, readSigningKey } from "../../src/audit/chain/signing-key.ts";

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "hallpass-key-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

it("makes one key, for its owner only, however many processes ask at once", async () => {
  const nested = join(dataDir, "not/there/yet");
  const keys = await Promise.all(
    Array.from({ length: 20 }, () => loadSigningKey({ pem: undefined, dataDir: nested })),
  );
  expect(new Set(keys.map(({ publicKey }) => publicKey.id)).size).toBe(1);
  expect(await readdir(nested)).toEqual(["audit-key.pem"]);
  expect((await stat(join(nested, "audit-key.pem"))).mode & 0o777).toBe(0o600);
});

it("signs with the same key ever after", async () => {
  const settings = { pem: undefined, dataDir };
  const first = await loadSigningKey(settings);
  const second = await loadSigningKey(settings);
  expect(first.publicKey.verify("a text", second.sign("a text"))).toBe(true);
  expect(first.publicKey.verify("another", second.sign("a text"))).toBe(false);
});

it("makes none for whoever only reads", async () => {
  expect(await readSigningKey({ pem: undefined, dataDir })).toBeUndefined();
  expect(await readdir(dataDir)).toEqual([]);
});

it("says what to do when the key cannot be kept, cannot be read, or is none", async () => {
  const file = join(dataDir, "file");
  await writeFile(file, "");
  await expect(loadSigningKey({ pem: undefined, dataDir: file })).rejects.toThrow(
    /can't be read from .*file\/audit-key\.pem: .*HALLPASS_AUDIT_KEY/,
  );
  const readOnly = "/proc";
  await expect(loadSigningKey({ pem: undefined, dataDir: readOnly })).rejects.toThrow(
    /can't be kept in \/proc\/audit-key\.pem: .*HALLPASS_AUDIT_KEY/,
  );
  await writeFile(join(dataDir, "audit-key.pem"), "");
  await expect(loadSigningKey({ pem: undefined, dataDir })).rejects.toThrow(
    "audit-key.pem must be an Ed25519 private key in PEM",
  );
  await expect(loadSigningKey({ pem: "no key", dataDir })).rejects.toThrow("HALLPASS_AUDIT_KEY must be");
});
