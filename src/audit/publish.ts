import { Prisma, type PrismaClient } from "../generated/prisma/client.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../persistence/clock.ts";
import { Checkpoint, checkpointColumns, makeCheckpoint } from "./checkpoint.ts";
import { moveCursor, readCursor } from "./cursor.ts";
import type { SigningKey } from "./signing-key.ts";

export type PublishDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked for at each checkpoint: without it nothing is signed, and everything else goes on. */
  readonly key: () => Promise<SigningKey>;
  /** Puts a text where people with rights on this database cannot change it; absent where no such place is set up. */
  readonly post: () => ((text: string) => Promise<void>) | undefined;
};

export type Publisher = {
  /** Makes a checkpoint and publishes it, if there is anything new. */
  publish(): Promise<void>;
  stop(): void;
};

const everyMs = 60 * 60_000;
/** What whoever made it could not publish is published by others. */
const retryEveryMs = 5 * 60_000;

const cursorName = "audit channel";

/** Signs the chain each hour and publishes what was signed: at least once, by whichever process is first. */
export function startPublisher(deps: PublishDeps): Publisher {
  let signedAt = performance.now();
  const publish = async (): Promise<void> => {
    const made = await makeCheckpoint(deps.db, deps.clock, await deps.key());
    signedAt = performance.now();
    await publishLatest(deps, made);
  };
  const failed = (error: unknown): void =>
    deps.log.warn({ err: error }, "a checkpoint of the audit could not be published; tried again");
  // Said while somebody watches the start, and not an hour later.
  deps.key().catch(failed);
  const timer = setInterval(() => {
    const isHour = performance.now() - signedAt >= everyMs;
    const look = isHour ? publish() : publishLatest(deps, undefined);
    look.catch(failed);
  }, retryEveryMs).unref();
  return { publish, stop: () => clearInterval(timer) };
}

async function publishLatest(deps: PublishDeps, made: Checkpoint | undefined): Promise<void> {
  const post = deps.post();
  if (!post) return;
  const checkpoint = made ?? (await leftBehind(deps));
  if (!checkpoint || checkpoint.sequence <= (await readCursor(deps.db, cursorName))) return;
  await post(wordCheckpoint(checkpoint));
  await moveCursor(deps.db, deps.clock, cursorName, checkpoint.sequence);
}

/** The latest checkpoint, if whoever made it has had time to publish it. */
async function leftBehind({ db, clock }: PublishDeps): Promise<Checkpoint | undefined> {
  const rows = await db.$queryRaw<unknown[]>`
    select ${Prisma.raw(checkpointColumns)} from audit_checkpoints
    where at < ${clock.now} - interval '2 minutes' order by sequence desc limit 1`;
  return rows[0] === undefined ? undefined : Checkpoint.parse(rows[0]);
}

/** `audit verify --checkpoint` reads the JSON back. */
function wordCheckpoint(checkpoint: Checkpoint): string {
  return `Audit checkpoint at place ${checkpoint.sequence.toLocaleString("en")}\n${JSON.stringify(checkpoint)}`;
}
