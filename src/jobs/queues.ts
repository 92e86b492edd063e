import {
  createPostgresBackend,
  type JobsOptions,
  type PostgresConnectionOptions,
  Queue,
  Worker,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import type { Logger } from "../logger.ts";
import { type QueueName, queueNames } from "../domain/effect.ts";
import type { OwedEffect } from "../persistence/effects/effects.ts";
import type { Courtesy } from "./courtesy.ts";
import { type Alarm, createEnqueueBuffer } from "./enqueue-buffer.ts";

export type QueueSettings = {
  /** Absent: the queues live in PostgreSQL, in the schema `bullmq`. */
  readonly redisUrl?: string | undefined;
  readonly databaseUrl: string;
  readonly courtesy: Pick<Courtesy, "quiet">;
  readonly log: Logger;
};

export type Queues = {
  /** Schedules a job for each effect at its due time, counted from `now`. Never throws and never waits: a lost job costs one sweep. */
  readonly wake: (effects: readonly OwedEffect[], now: Date) => void;
  /** Whether jobs wait to be scheduled until people have had their answers. */
  readonly isBehind: () => boolean;
  /** Schedules jobs at once, and says whether the queue took them within `timeoutMs`. */
  readonly enqueue: (alarms: readonly Alarm[], timeoutMs: number) => Promise<boolean>;
  /**
   * Starts the workers: `run` is called with an effect's id when it may be due, `onNotTaken` when the queue did not take
   * jobs, or not in time, so that due effects must be found without it.
   */
  work(run: (effectId: string, queue: QueueName) => Promise<void>, onNotTaken: () => void): void;
  /** Takes no more jobs and waits for those in hand, at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
};

type JobData = { readonly effectId: string };

const concurrency: Readonly<Record<QueueName, number>> = {
  grants: 10,
  revocations: 20,
  // A message that Slack is slow to take holds its slot for up to a minute.
  messages: 10,
  deadlines: 5,
};

/** A killed worker's job is taken up again within lock + check; the claim in the database decides who may act on it. */
const timing = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1_000,
  // By default, a worker that lost its connection retries after 15 s, and each step of a request would wait for the sweep.
  runRetryDelay: 1_000,
} satisfies Partial<WorkerOptions>;

/** If the queue has not accepted a job after this long, the sweep is told to look at once. */
const takenMs = 1_000;

/** Maximum batches handed to the queue and not yet accepted. */
const maxUnanswered = 50;

/** Creates the alarm clock: BullMQ on Redis if there is one, else on PostgreSQL. It only says "look at this now". */
export function createQueues(settings: QueueSettings): Queues {
  const { log } = settings;
  const backend =
    settings.redisUrl === undefined ? onPostgres(settings.databaseUrl, log) : onRedis(settings.redisUrl, log);
  let isClosing = false;
  /**
   * Makes a queue or a worker, and another in its place as long as they do not become ready: BullMQ does not try again what failed as it
   * started, and its worker would fail on and on without letting anything else run.
   */
  const open = <Made extends Ready>(
    name: QueueName,
    make: () => Made,
    onReady: (made: Made) => void,
  ): void => {
    const made = make();
    const openLater = async (): Promise<void> => {
      await after(timing.runRetryDelay);
      if (isClosing) return;
      if (await backend.isUsable()) open(name, make, onReady);
      else await openLater();
    };
    made.waitUntilReady().then(
      () => onReady(made),
      async (error: unknown) => {
        if (isClosing) return;
        log.warn({ err: error, queue: name }, "the queue cannot be used; the sweep stands in");
        // Closing it is a courtesy to its server, and must not keep another from being made.
        await made.close().catch(() => undefined);
        await openLater();
      },
    );
  };
  const queues = new Map<QueueName, BackendQueue>();
  const workers = new Map<QueueName, BackendWorker>();
  for (const name of queueNames) {
    const make = (): BackendQueue => {
      const queue = backend.queue(name);
      queue.on("error", (error) =>
        log.warn({ err: error, queue: name }, "the queue cannot be reached; the sweep stands in"),
      );
      queues.set(name, queue);
      return queue;
    };
    open(name, make, () => undefined);
  }

  let unanswered = 0;
  const add = async (alarms: readonly Alarm[]): Promise<void> => {
    // While Redis is away, its client buffers what it is given; the database holds it too, so the buffer need not grow.
    if (unanswered >= maxUnanswered) throw new Error("the queue has not answered for a while");
    unanswered += 1;
    try {
      await Promise.all(
        queueNames.map(async (name) => {
          const jobs = alarms.filter(({ queue }) => queue === name).map(jobOf);
          const distinct = [...new Map(jobs.map((job) => [job.opts.jobId, job])).values()];
          if (distinct.length > 0) await queues.get(name)?.addBulk(distinct);
        }),
      );
    } finally {
      unanswered -= 1;
    }
  };
  const enqueue: Queues["enqueue"] = (alarms, timeoutMs) => {
    const added = add(alarms).then(
      () => true,
      (error: unknown) => {
        log.warn({ err: error, jobs: alarms.length }, "jobs could not be enqueued; the sweep stands in");
        return false;
      },
    );
    return Promise.race([added, after(timeoutMs).then(() => false)]);
  };
  let onNotTaken = (): void => undefined;
  const { push, isBehind } = createEnqueueBuffer(async (alarms) => {
    if (!(await enqueue(alarms, takenMs))) onNotTaken();
  }, settings.courtesy);

  return {
    wake: push,
    isBehind,
    enqueue,
    work(run, notTaken) {
      onNotTaken = notTaken;
      for (const name of queueNames) {
        const fail = (error: unknown): void =>
          log.warn({ err: error, queue: name }, "a worker lost its queue; the sweep stands in");
        const make = (): BackendWorker => {
          const worker = backend.worker(name, async (job) => run(job.data.effectId, name), {
            concurrency: concurrency[name],
            autorun: false,
            ...timing,
          });
          worker.on("error", (fault) => {
            fail(fault);
            rest(worker).catch(fail);
          });
          worker.on("failed", (job, error) =>
            log.warn({ err: error, queue: name, job: job?.id }, "a job failed; the sweep finds its effect"),
          );
          workers.set(name, worker);
          return worker;
        };
        open(name, make, (worker) => void worker.run().catch(fail));
      }
    },
    async close(timeoutMs) {
      isClosing = true;
      const all = [...workers.values()];
      await Promise.race([Promise.allSettled(all.map((worker) => worker.close())), after(timeoutMs)]);
      await Promise.race([
        Promise.allSettled([
          ...all.map((worker) => worker.close(true)),
          ...[...queues.values()].map((queue) => queue.close()),
        ]),
        after(1_000),
      ]);
      await backend.close();
    },
  };
}

/** Access that ends later than this needs no job of its own. */
const ownJobMs = 2_000;

/**
 * A job's id names the effect and its due time: the same alarm set twice is one job, and a moved one is another (BullMQ
 * ignores a job whose id it still knows, and keeps the old delay).
 *
 * A look finds all due ends of access at once, so ends within the same second share one job. It runs at the start of
 * that second, and the look then knows exactly when the next end is due.
 */
function jobOf({ id, queue, dueAt, inMs }: Alarm): Job {
  const isShared = queue === "revocations" && inMs > ownJobMs;
  const early = isShared ? dueAt.getTime() % 1_000 : 0;
  const at = dueAt.getTime() - early;
  return {
    name: "look",
    data: { effectId: id },
    opts: {
      jobId: isShared ? `ends-${at}` : `${id}-${at}`,
      delay: Math.round(inMs - early),
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
    },
  };
}

type Job = {
  readonly name: string;
  readonly data: JobData;
  readonly opts: JobsOptions & { readonly jobId: string };
};

/** The parts of a BullMQ queue and worker used here; their full types differ by backend. */
type Ready = { waitUntilReady(): Promise<unknown>; close(): Promise<void> };
type BackendQueue = Pick<Queue, "addBulk" | "close"> & Ready & Listening;
type BackendWorker = Pick<Worker, "close" | "closing" | "isPaused" | "pause" | "resume" | "run"> &
  Ready &
  Listening;
type Listening = {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "failed", listener: (job: { readonly id?: string } | undefined, error: Error) => void): unknown;
};

type Process = (job: { readonly data: JobData }) => Promise<void>;

type Backend = {
  /** Whether another queue or worker might become ready. */
  isUsable(): Promise<boolean>;
  queue(name: QueueName): BackendQueue;
  worker(name: QueueName, process: Process, options: Omit<WorkerOptions, "connection">): BackendWorker;
  close(): Promise<void>;
};

function onRedis(url: string, log: Logger): Backend {
  // Both retry without limit until Redis is back, because BullMQ never recovers from a queue that failed to start.
  // Nobody waits for them.
  const patient = { maxRetriesPerRequest: null, connectTimeout: 5_000 };
  const producer = new Redis(url, patient);
  const consumer = new Redis(url, patient);
  for (const connection of [producer, consumer]) {
    connection.on("error", (error) =>
      log.warn({ err: error }, "Redis cannot be reached; the sweep stands in"),
    );
  }
  return {
    isUsable: () => Promise.resolve(true),
    queue: (name) => new Queue(name, { connection: producer }),
    worker: (name, process, options) => new Worker(name, process, { ...options, connection: consumer }),
    async close() {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

function onPostgres(databaseUrl: string, log: Logger): Backend {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: queueNames.length * 2 + 4,
    connectionTimeoutMillis: 5_000,
    application_name: "hallpass queues",
    // Its commits need not reach the disk: after a crash of the server, the sweep finds what was lost.
    options: "-c search_path=bullmq -c synchronous_commit=off",
  });
  // Each queue and each worker listens, also those that were closed again.
  pool.setMaxListeners(100);
  pool.on("error", (error) => log.warn({ err: error }, "the queues lost a database connection"));
  // BullMQ only handles errors of its statements, so a connection lost in the middle of its transaction would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  // BullMQ declares the pool type by hand; under exact optional types, a real pool does not quite match it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const connection = patiently(pool, log) as PostgresConnectionOptions;
  return {
    isUsable: () =>
      pool.query("select from migration").then(
        () => true,
        () => false,
      ),
    queue: (name) => new Queue(name, { connection }, createPostgresBackend),
    worker: (name, process, options) =>
      new Worker(name, process, { ...options, connection }, createPostgresBackend),
    close: () => pool.end(),
  };
}

/** Waits for a connection however long it takes, until the pool is closed: BullMQ gives up at the first that fails. */
function patiently(pool: pg.Pool, log: Logger): pg.Pool {
  const connect = pool.connect.bind(pool);
  const retry = async (): Promise<pg.PoolClient> => {
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        if (pool.ending) throw error;
        log.warn({ err: error }, "the queues cannot reach their database; the sweep stands in");
        await after(timing.runRetryDelay);
      }
    }
  };
  type Callback = Parameters<typeof connect>[0];
  // The pool itself calls this with a callback, for a single query.
  return Object.assign(pool, { connect: (callback?: Callback) => (callback ? connect(callback) : retry()) });
}

/** A worker asks again at once after an error that is not its connection's, however long that lasts: it rests first. */
async function rest(worker: BackendWorker): Promise<void> {
  if (worker.isPaused()) return;
  await worker.pause(true);
  await after(timing.runRetryDelay);
  if (worker.closing === undefined) await worker.resume();
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
