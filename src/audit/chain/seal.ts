import { advisoryLocks } from "../../persistence/database/advisory-locks.ts";
import { z } from "zod";
import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Logger } from "../../logger.ts";
import { createQuiet } from "./quiet.ts";
import { beginning, canonicalRecord, ChainedEvent, chainedFields, linkHash } from "./chain.ts";

export type SealDeps = { readonly db: PrismaClient; readonly log: Logger };

export type Sealer = {
  /** Seals all there is now; resolves with the number of events. */
  seal(): Promise<number>;
  /** Stops sealing, and waits for the batch in hand. */
  stop(): Promise<void>;
};

const pauseMs = 1_000;
const batchSize = 2_000;
/** Events become visible out of numbering order: an ordinary look goes back this far to find late ones. */
const lateEvents = 10_000;
/** Even later ones are found by comparing everything, at the start and then this often. */
const everythingEveryMs = 60 * 60_000;

/**
 * Links events into the audit's hash chain in the background, so that nobody waits for it: within a second or two, in batches, by
 * one writer at a time. Several processes may run it; one that dies leaves a batch whole or not begun. Late events are linked
 * within ten seconds while nothing else happens.
 */
export function startSealer({ db, log }: SealDeps): Sealer {
  let stopped = false;
  let comparedAt = -Infinity;
  const quiet = createQuiet();
  let inHand: Promise<number> = Promise.resolve(0);
  const sealAll = async (): Promise<number> => {
    const everything = performance.now() - comparedAt >= everythingEveryMs;
    let sealed = 0;
    let comparedTo = everything ? 0 : undefined;
    for (;;) {
      const batch = await sealBatch(db, comparedTo);
      sealed += batch?.count ?? 0;
      if (stopped || batch === undefined || batch.count < batchSize) {
        if (everything && batch !== undefined) comparedAt = performance.now();
        return sealed;
      }
      // Everything before it was compared a moment ago; starting at the first event each time, a long backlog would take forever.
      if (everything) comparedTo = batch.lastSeq;
    }
  };
  const seal = (): Promise<number> => {
    inHand = inHand.then(sealAll, sealAll);
    return inHand;
  };
  const look = async (): Promise<void> => {
    const now = performance.now();
    const isDue = now - comparedAt >= everythingEveryMs;
    if (!quiet.isOver(await readNewest(db), now) && !isDue) return;
    await seal();
    quiet.looked(now);
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.warn({ err: error }, "the audit could not be sealed; tried again"));
  }, pauseMs).unref();
  return {
    seal,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await inHand.catch(() => undefined);
    },
  };
}

async function readNewest(db: PrismaClient): Promise<number> {
  const newest = await db.auditEvent.findFirst({ orderBy: { seq: "desc" }, select: { seq: true } });
  return Number(newest?.seq ?? 0);
}

/** Seals a batch; `undefined` while another process seals. `after`: the event number to look from. */
async function sealBatch(
  db: PrismaClient,
  after: number | undefined,
): Promise<{ readonly count: number; readonly lastSeq: number } | undefined> {
  return db.$transaction(
    async (transaction) => {
      const [lock] = await transaction.$queryRaw<{ taken: boolean }[]>`
        select pg_try_advisory_xact_lock(${advisoryLocks.seal}::bigint) as taken`;
      if (lock?.taken !== true) return undefined;
      const [head] = await transaction.$queryRaw<{ sequence: bigint; hash: string; seq: bigint | null }[]>`
        select sequence, hash, (select max(event_seq) from audit_chain) as seq
        from hallpass_chain_head()`;
      const from = after ?? Number(head?.seq ?? 0) - lateEvents;
      const events = z.array(ChainedEvent).parse(await transaction.$queryRaw(unsealed(from)));
      if (events.length === 0) return { count: 0, lastSeq: 0 };
      let sequence = Number(head?.sequence ?? 0);
      let hash = head?.hash ?? beginning;
      const links = events.map((event) => {
        sequence += 1;
        hash = linkHash(hash, canonicalRecord(event));
        return { sequence, seq: event.seq, hash };
      });
      await transaction.$executeRaw`
        insert into audit_chain (sequence, event_seq, hash)
        select l.sequence, l.seq, l.hash
        from jsonb_to_recordset(${JSON.stringify(links)}::jsonb) as l(sequence bigint, seq bigint, hash text)`;
      return { count: links.length, lastSeq: links.at(-1)?.seq ?? 0 };
    },
    { timeout: 30_000 },
  );
}

const columns = chainedFields.map(({ name, sql }) => `${sql} as "${name}"`).join(", ");

/** Limits the chain to later events too: looking at all of it each second would keep a processor busy. */
function unsealed(after: number): Prisma.Sql {
  return Prisma.sql`
    select ${Prisma.raw(columns)}
    from audit_events e
    where e.seq > ${after} and not exists (
      select from audit_chain c where c.event_seq = e.seq and c.event_seq > ${after})
    order by e.seq limit ${batchSize}`;
}
