import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../logger.ts";
import { sayAgainAfter } from "../connect.ts";
import type { Connection } from "./connection.ts";

/** Hallpass's Socket Mode connections. */
export type Connections = {
  /** Resolves with the first connection; rejects with the signal's reason. */
  readonly connected: Promise<void>;
  /** Closes all of them. */
  close(): void;
};

export type ConnectionsOptions = {
  /** Opens one unless `signal` aborts; calls `onLeaving` once the connection can no longer be relied on. */
  readonly open: (signal: AbortSignal, onLeaving: (why: string) => void) => Promise<Connection>;
  /** Why an attempt failed, and how long Slack asks to wait, if it does. */
  readonly wordFailure: (error: unknown) => { readonly why: string; readonly waitMs: number };
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called with the number of open connections whenever it changes. */
  readonly onCount: (open: number) => void;
  /** Called with the reason when none is open, and again after each failed attempt. */
  readonly onTrouble: (why: string) => void;
  /** Called when a connection has opened. */
  readonly onConnected: () => void;
  readonly times?: ConnectionsTimes;
};

/**
 * Number of connections kept open: Slack ends each of them some five times a day, and what somebody types while none is
 * open is lost. Slack allows ten per app (https://docs.slack.dev/apis/events-api/using-socket-mode), which leaves room
 * for four replicas, and for connections being replaced.
 */
const wanted = 2;
export type ConnectionsTimes = {
  /** Time limit from requesting an address to Slack's hello. Slack takes a second at most. */
  readonly attemptMs: number;
  /** How long an old connection stays open, so that interactions under way can still be answered on it. */
  readonly drainMs: number;
  /** After too many short-lived connections, each pause is longer by this. */
  readonly shortLifePauseMs: number;
};
const usualTimes: ConnectionsTimes = { attemptMs: 12_000, drainMs: 5_000, shortLifePauseMs: 250 };
const maxPauseMs = 30_000;
/** Maximum pause while another connection is open. */
const maxIdlePauseMs = 5 * 60_000;
/** A connection that ends sooner counts as short-lived. */
const shortLifeMs = 10_000;
/** This many short-lived connections in a row are allowed before there is a pause; each further pause is a little longer. */
const freeShortLives = 12;
const maxShortLifePauseMs = 5_000;
/** Maximum wait for the rate limit while no connection is open, because nothing can be received then. */
const aloneWaitMs = 3_000;
/** Stays below the rate limit of `apps.connections.open`, some fifty calls a minute. */
const maxOpenings = 40;
const openingsMs = 60_000;

/** Keeps connections open until told to stop, and replaces each as soon as it can no longer be relied on. */
export function keepConnections(options: ConnectionsOptions): Connections {
  const { open, wordFailure, log, signal, onCount, onTrouble, onConnected, times = usualTimes } = options;
  const { attemptMs, drainMs, shortLifePauseMs } = times;
  const alive = new Set<object>();
  const all = new Set<Connection>();
  const openings: number[] = [];
  let lastSaid: string | undefined;

  const count = (): void => onCount(alive.size);

  /** Waits if so many were opened lately that Slack would rate-limit the next. */
  const takeTurn = async (): Promise<void> => {
    const oldest = openings.length >= maxOpenings ? openings.shift() : undefined;
    const leftMs = oldest === undefined ? 0 : oldest + openingsMs - performance.now();
    const waitMs = alive.size === 0 ? Math.min(aloneWaitMs, leftMs) : leftMs;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    openings.push(performance.now());
  };

  async function attempt(onLeaving: (why: string) => void): Promise<Connection> {
    await takeTurn();
    const limit = new AbortController();
    const late = new Error(`Slack has not said hello for ${attemptMs / 1_000} s`);
    const timer = setTimeout(() => limit.abort(late), attemptMs);
    try {
      return await open(AbortSignal.any([signal, limit.signal]), onLeaving);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Retries until one is open. `isFirst`: while none is open, only this one logs the error. */
  async function openOne(isFirst: boolean, onLeaving: (why: string) => void): Promise<Connection> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await attempt(onLeaving);
      } catch (error) {
        signal.throwIfAborted();
        const { why, waitMs } = wordFailure(error);
        const isAlone = alive.size === 0;
        const longest = isAlone ? maxPauseMs : maxIdlePauseMs;
        const pauseMs = Math.max(waitMs, Math.min(longest, 1_000 * 2 ** failures));
        const said = { retryInSeconds: pauseMs / 1_000 };
        if (!isAlone) log.warn(said, `one of ${wanted} connections to Slack cannot be opened: ${why}`);
        else {
          onTrouble(why);
          const isNews = why !== lastSaid || failures % sayAgainAfter === 0;
          if (isFirst) log[isNews ? "error" : "debug"](said, why);
          lastSaid = why;
        }
        await sleep(pauseMs, undefined, { signal });
      }
    }
  }

  async function keepOne(isFirst: boolean, onOpen: () => void): Promise<void> {
    let old: Connection | undefined;
    let shortLives = 0;
    for (;;) {
      const key = {};
      let leave: (why: string) => void = () => undefined;
      const leaving = new Promise<string>((resolve) => (leave = resolve));
      // While another is open nobody waits for this one, and Slack may think that there are too many.
      const longestMs = alive.size === 0 ? maxShortLifePauseMs : maxIdlePauseMs;
      const pauseMs = Math.min(longestMs, (shortLives - freeShortLives) * shortLifePauseMs);
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal });
      const connection = await openOne(isFirst, leave);
      const openedAt = performance.now();
      if (alive.size === 0) log.info("connected to Slack");
      lastSaid = undefined;
      alive.add(key);
      all.add(connection);
      count();
      onConnected();
      onOpen();
      if (old) letGo(old);
      const why = await leaving;
      shortLives = performance.now() - openedAt < shortLifeMs ? shortLives + 1 : 0;
      alive.delete(key);
      count();
      log.info({ open: alive.size }, `${why}; another is being opened`);
      if (alive.size === 0) onTrouble(`${why}; no other is open yet`);
      old = connection;
    }
  }

  function letGo(connection: Connection): void {
    setTimeout(() => {
      all.delete(connection);
      connection.close();
    }, drainMs).unref();
  }

  const connected = new Promise<void>((resolve, reject) => {
    for (let number = 0; number < wanted; number += 1) {
      keepOne(number === 0, resolve).catch((error: unknown) => {
        if (!signal.aborted) log.fatal({ err: error }, "a connection to Slack is kept no more");
        reject(error);
      });
    }
  });
  return {
    connected,
    close() {
      for (const connection of all) connection.close();
    },
  };
}
