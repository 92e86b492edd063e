import { sinkLockSeed } from "../../persistence/database/advisory-locks.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Logger } from "../../logger.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { moveCursor, readCursor } from "../chain/cursor.ts";
import { readChainFacts } from "./chain-facts.ts";
import { cursorNames } from "./lag.ts";
import { createOdds } from "./odds.ts";
import { type Position, readBatch } from "./read-batch.ts";
import type { MadeSink } from "./registry.ts";
import { messageOf } from "../../error-message.ts";

export type FollowDeps = {
  readonly databaseUrl: string;
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Notifies the people who watch over Hallpass. */
  readonly tell: (text: string) => void;
  readonly rhythm?: Rhythm;
};

/** Intervals between looks and retries, in milliseconds. */
export type Rhythm = {
  readonly lookMs: number;
  /** While another process follows the chain for this sink. */
  readonly standByMs: number;
  readonly firstRetryMs: number;
  /** Overrides the sink's own `gatherMs`. */
  readonly gatherMs?: number;
};

export type Follower = {
  /** How many differences from what was sent this process has found on the other side. */
  atOdds(): number;
  /** Aborts what is in hand, which the next follower sends again, and closes the sink. */
  stop(): Promise<void>;
};

const usual: Rhythm = { lookMs: 1_000, standByMs: 10_000, firstRetryMs: 1_000 };
const longestRetryMs = 60_000;
/** Limit for one batch, whatever the sink does within it. */
const deliveryMs = 120_000;

/**
 * Sends a sink everything in the chain, in order and at least once, for as long as it takes. Only one of all Hallpass processes
 * follows for a sink: the holder of its lock, which ends with the connection it was taken on.
 */
export function followChain(
  { databaseUrl, db, clock, log, tell, rhythm = usual }: FollowDeps,
  name: string,
  { sink, redact }: MadeSink,
  opens: boolean,
): Follower {
  const stopping = new AbortController();
  const { signal } = stopping;
  const cursors = cursorNames(name);
  const odds = createOdds({ db, clock, log, tell }, name);
  let held: { readonly client: Client; position: Position } | undefined;

  async function letGo(): Promise<void> {
    const client = held?.client;
    held = undefined;
    await client?.end().catch(() => undefined);
  }

  async function takeOver(): Promise<typeof held> {
    const client = new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      query_timeout: 20_000,
      keepAlive: true,
      application_name: "hallpass audit sink",
    });
    // A connection lost between two queries shows up in the next query.
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ taken: boolean }>(
        "select pg_try_advisory_lock(hashtextextended($1, $2)) as taken",
        [cursors.events, sinkLockSeed],
      );
      if (rows[0]?.taken === true) {
        await moveCursor(db, clock, cursors.since, 0);
        return { client, position: await begin() };
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end();
    return undefined;
  }

  /** If the other side has less than was sent, it has lost something: checkpoints from there on are due again too. */
  async function begin(): Promise<Position> {
    const sent = {
      events: await readCursor(db, cursors.events),
      checkpoints: await readCursor(db, cursors.checkpoints),
    };
    const facts = await readChainFacts(db, sent.events);
    const there = await odds.hear(async (atOdds) =>
      sink.reached?.(facts, AbortSignal.any([signal, AbortSignal.timeout(deliveryMs)]), atOdds),
    );
    if (there === undefined) return sent;
    // Sent by a process that died before it could count it.
    if (there > sent.events) await moveCursor(db, clock, cursors.events, there);
    return { events: there, checkpoints: Math.min(there, sent.checkpoints) };
  }

  /** Sends one batch, if there is any; resolves with how long to wait next. */
  async function turn(): Promise<number> {
    held ??= await takeOver();
    if (!held) return rhythm.standByMs;
    const { records, reached, isFull } = await readBatch(
      { client: held.client, db, clock },
      held.position,
      opens,
    );
    if (records.length === 0) return rhythm.lookMs;
    await odds.hear((atOdds) =>
      sink.deliver(records, AbortSignal.any([signal, AbortSignal.timeout(deliveryMs)]), atOdds),
    );
    // In this order: sending a checkpoint twice is harmless, but one whose event is sent again without it would be lost.
    await moveCursor(db, clock, cursors.events, reached.events);
    await moveCursor(db, clock, cursors.checkpoints, reached.checkpoints);
    held.position = reached;
    return isFull ? 0 : (rhythm.gatherMs ?? sink.gatherMs ?? rhythm.lookMs);
  }

  async function follow(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs: number;
      try {
        pauseMs = await turn();
        if (failures > 0) log.info({ sink: name }, "the audit's sink takes what it is sent again");
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        pauseMs = retryAfter(failures, rhythm.firstRetryMs);
        failures += 1;
        const why = redact(messageOf(error));
        log.warn(
          { sink: name, why, retryMs: pauseMs },
          "the audit's sink did not take what it was sent; tried again",
        );
        await letGo();
      }
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    await letGo();
    await sink.close();
  }

  const ended = follow().catch((error: unknown) =>
    log.error({ sink: name, why: redact(messageOf(error)) }, "the audit's sink could not be closed in order"),
  );
  return {
    atOdds: () => odds.count(),
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

/** Exponential backoff up to a minute, randomised within the upper half so that not all retry at once. */
function retryAfter(failures: number, firstMs: number, random = Math.random()): number {
  const longest = Math.min(longestRetryMs, firstMs * 2 ** Math.min(failures, 20));
  return longest * (0.5 + random / 2);
}
