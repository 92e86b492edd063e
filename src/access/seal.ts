import { hkdfSync } from "node:crypto";
import { openValue, sealValue } from "../persistence/personal-cipher.ts";

/** Closes what is for one person's eyes, and opens it again; nobody who has the database alone can. */
export type Seal = {
  /** `about`: the grant it belongs to; moved to another, it does not open. */
  close(about: string, text: string): string;
  /** `undefined`: it was closed with another key, or changed since. */
  open(about: string, sealed: string): string | undefined;
};

/**
 * A seal by a key that is derived from a secret which every process of an installation has and the database has not. With another
 * secret, what waits does not open any more.
 */
export function createSeal(secret: string): Seal {
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
