import { hash } from "node:crypto";
import { openDatabase } from "../../persistence/database/database.ts";
import { findPolicies } from "../../persistence/policies.ts";
import { type LoadedPolicy, parsePolicy } from "../../policy/language/load.ts";
import { splitText } from "../../policy/language/policy-text.ts";
import { providerTypes } from "../../providers/registry.ts";
import { CommandError } from "../failure.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";

/** Loads a policy that was in force from the database, by its hash or a prefix of it. */
export async function loadVersion(version: string): Promise<LoadedPolicy> {
  const prefix = version.toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(prefix))
    throw new CommandError(
      `--version: expected the first 8 or more hex digits of a policy's hash, got "${version}"`,
    );
  return withDatabase(readSettings(), { mustExist: true }, async (url) => {
    const database = openDatabase(url, { poolSize: 1, applicationName: "hallpass policy explain" });
    try {
      const [stored, another] = await findPolicies(database.prisma, prefix);
      if (!stored)
        throw new CommandError(`--version: no policy was in force here whose hash begins with ${prefix}`);
      if (another)
        throw new CommandError(`--version: several policies begin with ${prefix}; give more of the hash`);
      if (hash("sha256", stored.text) !== stored.hash)
        throw new CommandError(
          `--version: the text that is kept as ${stored.hash} has another SHA-256; it was changed since it was in force, and decides nothing`,
        );
      return parsePolicy(splitText(stored.text, `version ${stored.hash.slice(0, 8)}`), {
        providerTypes,
        wasInForce: true,
      });
    } finally {
      await database.close();
    }
  });
}
