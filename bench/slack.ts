// `npm run bench`: what a person waits for in Slack, beside its floor in the same run; with `--history 1000000` beside the same in a
// database that holds so many past requests, and `--idle 60` what that one takes in an hour in which nobody asks.
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import type { Interaction } from "./support/deliveries.ts";
import {
  end,
  type Load,
  parentOf,
  serverCpuMs,
  startFloor,
  startHallpass,
  startLoad,
  startScript,
  type Target,
} from "./support/processes.ts";
import {
  goal,
  historyGoal,
  historyHead,
  historyLine,
  type Measured,
  tableHead,
  tableLine,
} from "./support/report.ts";
import { type BenchDatabase, createStorage } from "./support/storage.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "1,10,50" },
    rounds: { type: "string", default: "3" },
    history: { type: "string" },
    idle: { type: "string", default: "0" },
    "node-option": { type: "string", multiple: true, default: [] },
  },
});
const history = options.history === undefined ? undefined : Number(options.history);
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const allConnections = options.connections.split(",").map(Number);
// Two on one Redis would take each other's jobs.
const redisUrl = history === undefined ? process.env["REDIS_URL"] : undefined;
const idleMinutes = Number(options.idle);
const warmUp = { connections: 10, seconds: 6 };

const rampSeconds = 0.5;

type SliceOptions = { readonly connections: number; readonly seconds: number };
type Side = {
  readonly target: Target;
  readonly database: BenchDatabase;
  readonly load: Load;
  readonly slackUrl: string;
  /** As fast as it was seen to answer: so many requests have to wait for a click. */
  clicksPerSecond: number;
};

const interactions: readonly { readonly kind: Interaction; readonly title: string }[] = [
  { kind: "command", title: "/request-access, acknowledged after commit" },
  { kind: "click", title: "Approve, acknowledged after commit" },
];

type Table = {
  readonly words: string;
  readonly head: string;
  readonly line: (connections: number, rounds: readonly Pair[]) => string;
};
/** One round: Hallpass, and right after it what it is held against. */
type Pair = { readonly hallpass: Measured; readonly other: Measured };

const inTurn = `rounds of ${seconds} s for both in turn, ${rounds} of them, after some seconds to warm up; medians, and medians of the rounds' ratios
while one is measured the other stands still (SIGSTOP), so that Hallpass loses locks of its queue now and then`;

const floorTable: Table = {
  words:
    `${inTurn}\n` +
    `floor: bare Bolt 5 (HTTP, signature verified), one SQL statement that writes the same rows, prepared, through Prisma\n` +
    `beside that its workers run, as in life: messages to a stub of Slack that answers at once, grants on a real server\n` +
    `goal: at least ${goal.throughput * 100} % of the floor's requests per second, p99 at most ${goal.p99} times the floor's`,
  head: tableHead,
  line: (connections, all) =>
    tableLine(
      connections,
      all.map(({ hallpass, other }) => ({ hallpass, floor: other })),
    ),
};

const pastTable: Table = {
  words:
    `${inTurn}\n` +
    `first on a database with nothing in it, then on the filled one, by the same policy of 1,000 rules\n` +
    `goal: p50 and p99 at most ${historyGoal} times those of the empty one`,
  head: historyHead,
  line: (connections, all) =>
    historyLine(
      connections,
      all.map(({ hallpass, other }) => ({ empty: hallpass, filled: other })),
    ),
};

const closers: (() => Promise<void>)[] = [];
try {
  await benchmark();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  for (const close of closers.toReversed()) await close();
}

async function benchmark(): Promise<void> {
  const storage = await createStorage(process.env["BENCH_POSTGRES"] ?? process.env["DATABASE_URL"], history);
  closers.push(() => storage.close());
  const slack = await startScript("slack-api.ts");
  closers.push(() => end(slack.process));
  const load = await startLoad();
  closers.push(() => load.stop());
  const start = async (target: Promise<Target>, database: BenchDatabase): Promise<Side> => {
    const started = await target;
    closers.push(() => started.stop());
    return { load, slackUrl: slack.url, clicksPerSecond: 300, target: started, database };
  };
  const startOn = (database: Parameters<typeof startHallpass>[1]): Promise<Side> => {
    const nodeOptions = options["node-option"];
    return start(startHallpass(storage, database, slack.url, { redisUrl, nodeOptions }), database);
  };
  const hallpass = await startOn(storage.hallpass);
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}, PostgreSQL ${storage.postgresVersion}, ` +
      `queues in ${redisUrl === undefined ? "PostgreSQL" : "Redis"}`,
  );
  if (storage.past) {
    const filled = await startOn(storage.past);
    await beside(hallpass, filled, pastTable);
    if (idleMinutes > 0) await idle(filled, storage.past.url);
  } else await beside(hallpass, await start(startFloor(storage), storage.floor), floorTable);
}

/** What it takes while nobody asks for anything, and nothing is left to be said: a channel takes one message a second. */
async function idle({ target, database }: Side, databaseUrl: string): Promise<void> {
  const client = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  closers.push(() => client.end());
  target.resume();
  while ((await database.recorded()).effectsOwed > 0) {
    await client.query(
      "update effects set done_at = now(), locked_until = null where done_at is null and queue = 'messages'",
    );
    await sleep(1_000);
  }
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const databaseServer = parentOf(rows[0]?.pid ?? NaN);
  console.log("\nidle: of one core, Hallpass and the database's server; memory that Hallpass has");
  console.log(line(["after", "Hallpass", "database", "memory"]));
  const parts = 6;
  for (let part = 1; part <= parts; part += 1) {
    const [ours, server, started] = [target.cpuMs(), serverCpuMs(databaseServer), performance.now()];
    await sleep((idleMinutes * 60_000) / parts);
    const share = (ms: number): string => `${((100 * ms) / (performance.now() - started)).toFixed(2)} %`;
    console.log(
      line([
        `${((part * idleMinutes) / parts).toFixed(1)} min`,
        share(target.cpuMs() - ours),
        share(serverCpuMs(databaseServer) - server),
        `${target.residentMiB().toFixed(0)} MiB`,
      ]),
    );
  }
}

function line(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(12)).join("");
}

async function beside(hallpass: Side, other: Side, table: Table): Promise<void> {
  for (const { target } of [hallpass, other]) target.pause();
  console.log(table.words);
  for (const { kind, title } of interactions) {
    for (const side of [hallpass, other]) await measure(side, kind, warmUp);
    console.log(`\n${title}\n${table.head}`);
    for (const connections of allConnections) {
      const measured: Pair[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const slice = { connections, seconds };
        measured.push({
          hallpass: await measure(hallpass, kind, slice),
          other: await measure(other, kind, slice),
        });
      }
      console.log(table.line(connections, measured));
    }
    const { effectsOwed } = await hallpass.database.recorded();
    console.log(
      `Hallpass still owes ${effectsOwed} effects (messages and grants) of what it was asked in this time.`,
    );
  }
}

/** One slice of load on one server while the other stands still; what it answered must be what it recorded. */
async function measure(side: Side, kind: Interaction, slice: SliceOptions): Promise<Measured> {
  if (kind === "command") return put(side, kind, slice, []);
  const wanted = Math.ceil(side.clicksPerSecond * (slice.seconds + rampSeconds));
  // What is approved was asked for a little while ago, as in life.
  for (let filed = 0; filed < wanted;) {
    filed += (await put(side, "command", { connections: 50, seconds: 0.5 }, [])).answered;
  }
  const measured = await put(side, kind, slice, await side.database.pendingIds(wanted));
  side.clicksPerSecond = Math.max(side.clicksPerSecond, 1.25 * measured.perSecond);
  return measured;
}

async function put(
  { load, slackUrl, target, database }: Side,
  kind: Interaction,
  slice: SliceOptions,
  requestIds: readonly string[],
): Promise<Measured> {
  const before = await database.recorded();
  const cpuBefore = target.cpuMs();
  target.resume();
  const { origin } = target;
  const run = `${Date.now()}`;
  const result = await load.run({
    kind,
    origin,
    slackUrl,
    run,
    rampSeconds,
    ...slice,
    requestIds: [...requestIds],
  });
  target.pause();
  const cpuMs = (target.cpuMs() - cpuBefore) / result.answered;
  if (result.fault !== undefined)
    throw new Error(
      `expected every ${kind} to be done at once, and ${origin} answered one with ${result.fault}; ` +
        `is the machine busy with something else?`,
    );
  const after = await database.recorded();
  const recorded = kind === "click" ? after.approved - before.approved : after.requests - before.requests;
  if (recorded !== result.answered)
    throw new Error(`${origin} answered ${result.answered} of kind ${kind} and recorded ${recorded}`);
  return { ...result, cpuMs };
}
