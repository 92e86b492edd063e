import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../persistence/embedded/error.ts";
import { signingKeyFile } from "../../persistence/embedded/secrets.ts";
import { messageOf } from "../../error-message.ts";

/** The private key that signs checkpoints and exports: Ed25519 (RFC 8032). */
export type SigningKey = {
  readonly publicKey: PublicKey;
  /** The signature in base64. */
  sign(text: string): string;
};

/** Verifies that a text was signed by us. */
export type PublicKey = {
  /** The first 16 hexadecimal digits of the SHA-256 of the key in DER, for people to compare. */
  readonly id: string;
  readonly pem: string;
  verify(text: string, signature: string): boolean;
};

export type SigningKeySettings = {
  /** The private key itself, if it is given. */
  readonly pem: string | undefined;
  /** The directory that holds it otherwise. */
  readonly dataDir: string;
};

/**
 * Loads the key given as PEM, or the one in the data directory, which is created on first use. Throws an `Error` that an operator
 * can act on.
 */
export async function loadSigningKey(settings: SigningKeySettings): Promise<SigningKey> {
  const found = await readSigningKey(settings);
  if (found) return found;
  const path = join(settings.dataDir, signingKeyFile);
  try {
    await keepNewKey(settings.dataDir, path);
  } catch (error) {
    throw new Error(
      `The audit's signing key can't be kept in ${path}: ${messageOf(error)}; make that directory writable for the user ` +
        "Hallpass runs as, or give the key by HALLPASS_AUDIT_KEY.",
      { cause: error },
    );
  }
  return loadSigningKey(settings);
}

/** Does the same, but creates no key: `undefined` if there is none yet. */
export async function readSigningKey({ pem, dataDir }: SigningKeySettings): Promise<SigningKey | undefined> {
  if (pem !== undefined) return signingKeyFrom(pem, "HALLPASS_AUDIT_KEY");
  const path = join(dataDir, signingKeyFile);
  try {
    return signingKeyFrom(await readFile(path, "utf8"), path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    if (code === undefined) throw error;
    throw new Error(
      `The audit's signing key can't be read from ${path}: ${messageOf(error)}; make it readable for the user Hallpass ` +
        "runs as, or give the key by HALLPASS_AUDIT_KEY.",
      { cause: error },
    );
  }
}

/** Writes a new key atomically, or leaves the one that another process put there first. */
async function keepNewKey(dataDir: string, path: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync("ed25519");
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
      flush: true,
    });
    await link(unfinished, path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  } finally {
    await rm(unfinished, { force: true });
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

/** Environment variables often hold `\n` as two characters. */
function withLineBreaks(pem: string): string {
  return pem.replaceAll("\\n", "\n");
}

function readKey(read: () => KeyObject, name: string, kind: "private" | "public"): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // The library's message may quote the key.
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new Error(
    `${name} must be an Ed25519 ${kind} key in PEM` +
      (kind === "private"
        ? ", as `openssl genpkey -algorithm ed25519` makes it."
        : ", as `hallpass audit key` prints it."),
  );
}
