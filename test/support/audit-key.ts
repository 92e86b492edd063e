import { generateKeyPairSync } from "node:crypto";
import { signingKeyFrom } from "../../src/audit/chain/signing-key.ts";

/** A new key in PEM, as HALLPASS_AUDIT_KEY holds one. */
export function createAuditPem(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A new key that signs the audit. */
export function createAuditKey(): ReturnType<typeof signingKeyFrom> {
  return signingKeyFrom(createAuditPem(), "test");
}
