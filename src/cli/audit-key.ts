import { loadSigningKey } from "../audit/signing-key.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";

/** `hallpass audit key`: prints the public key that checkpoints and exports are verified with. Resolves with the exit code. */
export async function auditKey(): Promise<number> {
  const { publicKey } = await signingKey();
  process.stdout.write(publicKey.pem);
  process.stderr.write(`key ${publicKey.id}\n`);
  return 0;
}

/** The key of this installation, by the settings. */
export async function signingKey(): Promise<Awaited<ReturnType<typeof loadSigningKey>>> {
  const { auditKey: pem, database } = readSettings();
  try {
    return await loadSigningKey({ pem, dataDir: database.dataDir });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
