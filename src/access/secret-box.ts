import { hkdfSync } from "node:crypto";
import { openValue, sealValue } from "../persistence/personal/cipher.ts";

/** Encrypts what is meant for one person, and decrypts it; the database alone is not enough to read it. */
export type SecretBox = {
  /** `about`: the grant it belongs to; it does not open for another. */
  close(about: string, text: string): string;
  /** `undefined`: it was sealed with another key, or changed since. */
  open(about: string, sealed: string): string | undefined;
};

/**
 * Creates a secretBox whose key is derived from a secret that every process of an installation has and the database does not. With
 * another secret, what was sealed before no longer opens.
 */
export function createSecretBox(secret: string): SecretBox {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "hallpass handover", 32));
  return {
    close: (about, text) => sealValue(key, Buffer.from(about), text).toString("base64"),
    open(about, sealed) {
      try {
        return openValue(key, Buffer.from(about), Buffer.from(sealed, "base64"));
      } catch {
        // Node says only that it could not be authenticated.
        return undefined;
      }
    },
  };
}
