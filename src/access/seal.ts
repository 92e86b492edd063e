import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Closes what is for one person's eyes, and opens it again; nobody who has the database alone can. */
export type Seal = {
  /** `about`: the grant it belongs to; moved to another, it does not open. */
  close(about: string, text: string): string;
  /** `undefined`: it was closed with another key, or changed since. */
  open(about: string, sealed: string): string | undefined;
};

const ivBytes = 12;
const tagBytes = 16;
const algorithm = "aes-256-gcm";

/**
 * A seal by a key that is derived from a secret which every process of an installation has and the database has not. With another
 * secret, what waits does not open any more.
 */
export function createSeal(secret: string): Seal {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "hallpass handover", 32));
  return {
    close(about, text) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(about));
      const closed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), closed]).toString("base64");
    },
    open(about, sealed) {
      const bytes = Buffer.from(sealed, "base64");
      const tagEnd = ivBytes + tagBytes;
      if (bytes.length < tagEnd) return undefined;
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(Buffer.from(about))
          .setAuthTag(bytes.subarray(ivBytes, tagEnd));
        return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString("utf8");
      } catch {
        // Node says only that it could not be authenticated.
        return undefined;
      }
    },
  };
}
