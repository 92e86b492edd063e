import { notPublished, startPublisher } from "../audit/chain/publish.ts";
import { startSealer } from "../audit/chain/seal.ts";
import { loadSigningKey, type SigningKey } from "../audit/chain/signing-key.ts";
import type { Config } from "../config.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../persistence/database/clock.ts";
import type { Policy } from "../policy/policy.ts";
import { sayIn, type Sayers } from "../notify/alerts.ts";
import { plainMessage } from "../notify/message.ts";

export type AuditParts = {
  readonly config: Config;
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sayers: Sayers;
  readonly policy: () => Policy;
};

export type KeptAudit = {
  /** Seals the events there are and publishes a checkpoint. */
  publish(): Promise<void>;
  /** The key that exports are signed with. */
  readonly key: () => Promise<SigningKey>;
  /** Signs and publishes what is new, then releases everything. */
  stop(): Promise<void>;
};

/**
 * Seals the audit and publishes checkpoints of it: at the start, each hour, and at the end. Throws an `Error` if the
 * key in the settings is not a key.
 */
export async function keepAudit(parts: AuditParts): Promise<KeptAudit> {
  const { config, db, clock, log } = parts;
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
      return (text): Promise<void> => sayIn(parts.sayers, audit, plainMessage(text));
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
  return {
    key,
    publish,
    async stop() {
      publisher.stop();
      await tryPublish();
      await sealer.stop();
    },
  };
}
