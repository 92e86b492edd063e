import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../persistence/embedded-error.ts";

/** What signs checkpoints and exports: Ed25519 (RFC 8032). */
export type SigningKey = {
  readonly publicKey: PublicKey;
  /** The signature in base64. */
  sign(text: string): string;
};

/** What tells whether a text was signed by us. */
export type PublicKey = {
  /** The first 16 hexadecimal digits of the SHA-256 of the key in DER, for people to compare. */
  readonly id: string;
  readonly pem: string;
  verify(text: string, signature: string): boolean;
};

const signingKeyFile = "audit-key.pem";

/**
 * The key given as PEM, or the one kept in the data directory, where it is made on first use.
 * Throws an `Error` that an operator can act on.
 */
export async function loadSigningKey(settings: {
  readonly pem: string | undefined;
  readonly dataDir: string;
}): Promise<SigningKey> {
  if (settings.pem !== undefined) return signingKeyFrom(settings.pem, "HALLPASS_AUDIT_KEY");
  const path = join(settings.dataDir, signingKeyFile);
  await keepNewKey(settings.dataDir, path);
  return signingKeyFrom(await readFile(path, "utf8"), path);
}

/** Makes a key where there is none; of several processes that start at once, one does. */
async function keepNewKey(dataDir: string, path: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync("ed25519");
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(privateKey.export({ type: "pkcs8", format: "pem" }));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Reads a private key in PEM; `name` says where it came from. */
export function signingKeyFrom(pem: string, name: string): SigningKey {
  const privateKey = readKey(() => createPrivateKey(withLineBreaks(pem)), name, "private");
  return {
    publicKey: publicKeyOf(createPublicKey(privateKey)),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString("base64"),
  };
}

/** Reads a public key in PEM, as `hallpass audit key` prints it. */
export function publicKeyFrom(pem: string, name: string): PublicKey {
  return publicKeyOf(readKey(() => createPublicKey(withLineBreaks(pem)), name, "public"));
}

function publicKeyOf(key: KeyObject): PublicKey {
  const der = key.export({ type: "spki", format: "der" });
  return {
    id: createHash("sha256").update(der).digest("hex").slice(0, 16),
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    verify: (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, "base64")),
  };
}

/** Environment variables often hold `\n` in two characters. */
function withLineBreaks(pem: string): string {
  return pem.replaceAll("\\n", "\n");
}

function readKey(read: () => KeyObject, name: string, kind: "private" | "public"): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The library's words may quote the key.
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new Error(
    `${name} must be an Ed25519 ${kind} key in PEM` +
      (kind === "private"
        ? ", as `openssl genpkey -algorithm ed25519` makes it."
        : ", as `hallpass audit key` prints it."),
  );
}
