import { notPublished, startPublisher } from "../audit/chain/publish.ts";
import { startSealer } from "../audit/chain/seal.ts";
import { loadSigningKey, type SigningKey } from "../audit/chain/signing-key.ts";
import { sayIn } from "../notify/alerts.ts";
import { plainMessage } from "../notify/message.ts";
import type { Enforced } from "./policy.ts";
import type { Running } from "./running.ts";
import type { SlackClient } from "./slack-client.ts";
import type { Storage } from "./storage.ts";

export type Audit = {
  /** Seals the events there are and publishes a checkpoint. */
  publish(): Promise<void>;
  /** The key that exports are signed with. */
  readonly key: () => Promise<SigningKey>;
};

/**
 * Seals the audit and publishes checkpoints of it: at the start, each hour, and at the end. Throws an `Error` if the
 * key in the settings is not a key.
 */
export async function startAudit(parts: Running & Storage & SlackClient & Enforced): Promise<Audit> {
  const { config, db, clock, log, closers } = parts;
  const key = (): Promise<SigningKey> =>
    loadSigningKey({ pem: config.auditKey, dataDir: config.database.dataDir });
  // Refuse a wrong setting at the start; but a data directory that cannot be written must not keep access from ending.
  if (config.auditKey !== undefined) await key();
  const sealer = startSealer({ db, log });
  const publisher = startPublisher({
    db,
    clock,
    log,
    key,
    post() {
      const { audit } = parts.policy().settings;
      if (audit === undefined) return undefined;
      return (text): Promise<void> => sayIn(parts.announcers, audit, plainMessage(text));
    },
  });
  const publish = async (): Promise<void> => {
    await sealer.seal();
    await publisher.publish();
  };
  const tryPublish = (): Promise<void> => publish().catch((error: unknown) => notPublished(log, error));
  // Publish at once, so that a change of the chain between two runs is a change of what was signed. Nothing waits for
  // it, and a failure to sign is logged while somebody watches the start.
  void tryPublish();
  closers.add(async () => {
    publisher.stop();
    // What is new is signed and published, too.
    await tryPublish();
    await sealer.stop();
  }, 1_500);
  return { key, publish };
}
