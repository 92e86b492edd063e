import type { WebClient } from "@slack/web-api";
import { notPublished, startPublisher } from "../audit/publish.ts";
import { startSealer } from "../audit/seal.ts";
import { loadSigningKey, type SigningKey } from "../audit/signing-key.ts";
import type { Config } from "../config.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../persistence/clock.ts";
import type { Policy } from "../policy/policy.ts";
import type { Directory } from "../slack/directory.ts";
import { plain, post, postTo } from "../slack/posting.ts";

export type AuditParts = {
  readonly config: Config;
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly client: WebClient;
  readonly directory: Directory;
  readonly policy: () => Policy;
};

export type KeptAudit = {
  /** Seals what there is and publishes a checkpoint. */
  publish(): Promise<void>;
  /** What exports are signed with. */
  readonly key: () => Promise<SigningKey>;
  /** Signs and publishes what is new before it lets go. */
  stop(): Promise<void>;
};

/** Seals the audit and publishes checkpoints of it: at the start, each hour, and at the end. Throws an `Error` for a key in the settings that is none. */
export async function keepAudit(parts: AuditParts): Promise<KeptAudit> {
  const { config, db, clock, log } = parts;
  const key = (): Promise<SigningKey> =>
    loadSigningKey({ pem: config.auditKey, dataDir: config.database.dataDir });
  // A wrong setting is refused at the start. A data directory that cannot be written keeps nobody's access from ending.
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
      return async (text): Promise<void> =>
        void (await postTo(parts.directory, audit, (id) => post(parts.client, id, plain(text))));
    },
  });
  const publish = async (): Promise<void> => {
    await sealer.seal();
    await publisher.publish();
  };
  const tryPublish = (): Promise<void> => publish().catch((error: unknown) => notPublished(log, error));
  // Whoever changes the chain between two runs changes what was signed. Nobody waits for it, and what keeps it from being
  // signed is said while somebody watches the start.
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
