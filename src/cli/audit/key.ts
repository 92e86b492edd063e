import { join } from "node:path";
import {
  loadSigningKey,
  type PublicKey,
  readSigningKey,
  type SigningKey,
} from "../../audit/chain/signing-key.ts";
import { signingKeyFile } from "../../persistence/embedded/secrets.ts";
import { inWords } from "../failure.ts";
import { readSettings } from "../settings.ts";

/** `hallpass audit key`: prints the public key that checkpoints and exports are verified with. Resolves with the exit code. */
export async function auditKey(): Promise<number> {
  const [known] = await ownKeys();
  const { publicKey } = await signingKey();
  process.stdout.write(publicKey.pem);
  process.stderr.write(`key ${publicKey.id}\n`);
  if (!known)
    // The new key has signed nothing yet; the one that the bot signs with may be elsewhere.
    process.stderr.write(
      `There was none yet: this one was made just now, in ${join(settings().dataDir, signingKeyFile)}. If the bot keeps its own ` +
        "elsewhere, set HALLPASS_DATA_DIR to that directory.\n",
    );
  return 0;
}

/** This installation's signing key, created on first use. */
export function signingKey(): Promise<SigningKey> {
  return inWords(() => loadSigningKey(settings()));
}

/** The keys whose signatures are accepted here: this installation's own, or none if there is none yet. */
export async function ownKeys(): Promise<readonly PublicKey[]> {
  const key = await inWords(() => readSigningKey(settings()));
  return key ? [key.publicKey] : [];
}

function settings(): { readonly pem: string | undefined; readonly dataDir: string } {
  const { auditKey: pem, database } = readSettings();
  return { pem, dataDir: database.dataDir };
}
