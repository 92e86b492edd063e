import { Prisma, type PrismaClient } from "../../generated/prisma/client.ts";
import type { Logger } from "../../logger.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { Checkpoint, checkpointColumns, makeCheckpoint, ourCheckpoints } from "./checkpoint.ts";
import { moveCursor, readCursor } from "./cursor.ts";
import type { SigningKey } from "./signing-key.ts";

export type PublishDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for each checkpoint: without a key nothing is signed, and everything else goes on. */
  readonly key: () => Promise<SigningKey>;
  /** Posts a text where people with rights on this database cannot change it; absent if no such place is set up. */
  readonly post: () => ((text: string) => Promise<void>) | undefined;
};

export type Publisher = {
  /** Makes a checkpoint and publishes it, if there is anything new. */
  publish(): Promise<void>;
  /** The same if the last checkpoint of any process is an hour old; also publishes one that was left unpublished. */
  look(): Promise<void>;
  stop(): void;
};

/** Age of the last checkpoint at which the next is due: an hour, less what two looks an hour apart may differ by. */
const dueAfter = Prisma.sql`interval '59 minutes'`;
/** What one process signed and could not publish, others publish. */
const lookEveryMs = 5 * 60_000;

const cursorName = "audit channel";

/**
 * Signs the chain each hour and publishes each checkpoint at least once, from whichever process is first. The database knows when
 * the last checkpoint was made, so no process has to live for an hour.
 */
export function startPublisher(deps: PublishDeps): Publisher {
  const publish = async (): Promise<void> =>
    publishLatest(deps, await makeCheckpoint(deps.db, deps.clock, await deps.key()));
  const look = async (): Promise<void> => ((await isDue(deps)) ? publish() : publishLatest(deps, undefined));
  const timer = setInterval(() => {
    look().catch((error: unknown) => notPublished(deps.log, error));
  }, lookEveryMs).unref();
  return { publish, look, stop: () => clearInterval(timer) };
}

/** Logs why a checkpoint was not published; everything goes on without it. */
export function notPublished(log: Logger, error: unknown): void {
  log.warn({ err: error }, "a checkpoint of the audit could not be published; tried again");
}

/** Ignores a checkpoint from the future, made before a clock was set back, and one that the chain does not have. */
async function isDue({ db, clock }: PublishDeps): Promise<boolean> {
  const [row] = await db.$queryRaw<{ isDue: boolean }[]>`
    select not exists (
      select ${ourCheckpoints} and k.at > ${clock.now} - ${dueAfter} and k.at <= ${clock.now}) as "isDue"`;
  return row?.isDue ?? true;
}

async function publishLatest(deps: PublishDeps, made: Checkpoint | undefined): Promise<void> {
  const post = deps.post();
  if (!post) return;
  const checkpoint = made ?? (await leftBehind(deps));
  if (!checkpoint || checkpoint.sequence <= (await readCursor(deps.db, cursorName))) return;
  await post(wordCheckpoint(checkpoint));
  await moveCursor(deps.db, deps.clock, cursorName, checkpoint.sequence);
}

/** The latest checkpoint, once the process that made it has had time to publish it. */
async function leftBehind({ db, clock }: PublishDeps): Promise<Checkpoint | undefined> {
  const rows = await db.$queryRaw<unknown[]>`
    select ${Prisma.raw(checkpointColumns)} ${ourCheckpoints}
    and k.at < ${clock.now} - interval '2 minutes' order by k.sequence desc limit 1`;
  return rows[0] === undefined ? undefined : Checkpoint.parse(rows[0]);
}

/** The text to post; `audit verify --checkpoint` reads the JSON back. */
function wordCheckpoint(checkpoint: Checkpoint): string {
  return `Audit checkpoint at place ${checkpoint.sequence.toLocaleString("en")}\n${JSON.stringify(checkpoint)}`;
}
