import { pino } from "pino";
import { startSealer } from "../../src/audit/chain/seal.ts";
import type { PrismaClient } from "../../src/generated/prisma/client.ts";

/** Seals what is recorded, and nothing after it: a sealer that goes on would seal anew what a test takes out of the chain. */
export async function sealNow(db: PrismaClient): Promise<void> {
  const sealer = startSealer({ db, log: pino({ level: "silent" }) });
  try {
    await sealer.seal();
  } finally {
    await sealer.stop();
  }
}
