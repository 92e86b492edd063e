// `npm run bench`: what a person waits for in Slack, beside its floor in the same run.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Interaction } from "./support/deliveries.ts";
import {
  end,
  type Load,
  startFloor,
  startHallpass,
  startLoad,
  startScript,
  type Target,
} from "./support/processes.ts";
import { goal, type Measured, type Round, tableHead, tableLine } from "./support/report.ts";
import { type BenchDatabase, createStorage } from "./support/storage.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    connections: { type: "string", default: "1,10,50" },
    rounds: { type: "string", default: "3" },
    "node-option": { type: "string", multiple: true, default: [] },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const allConnections = options.connections.split(",").map(Number);
const redisUrl = process.env["REDIS_URL"];
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

const closers: (() => Promise<void>)[] = [];
try {
  await benchmark();
} finally {
  for (const close of closers.toReversed()) await close();
}

async function benchmark(): Promise<void> {
  const storage = await createStorage(process.env["BENCH_POSTGRES"] ?? process.env["DATABASE_URL"]);
  closers.push(() => storage.close());
  const slack = await startScript("slack-api.ts");
  closers.push(() => end(slack.process));
  const load = await startLoad();
  closers.push(() => load.stop());
  const common = { load, slackUrl: slack.url, clicksPerSecond: 300 };
  const hallpass: Side = {
    ...common,
    target: await startHallpass(storage, slack.url, { redisUrl, nodeOptions: options["node-option"] }),
    database: storage.hallpass,
  };
  closers.push(() => hallpass.target.stop());
  const floor: Side = { ...common, target: await startFloor(storage), database: storage.floor };
  closers.push(() => floor.target.stop());
  hallpass.target.pause();
  floor.target.pause();

  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}, PostgreSQL ${storage.postgresVersion}, ` +
      `queues in ${redisUrl === undefined ? "PostgreSQL" : "Redis"}\n` +
      `${rounds} rounds of ${seconds} s each for Hallpass and the floor in turn; medians, and medians of the rounds' ratios\n` +
      `floor: bare Bolt 5 (HTTP, signature verified), one SQL statement that writes the same rows, prepared, through Prisma\n` +
      `beside that its workers run, as in life: messages to a stub of Slack that answers at once, grants on a real server;\n` +
      `  while the floor is measured Hallpass stands still (SIGSTOP), so that it loses locks of its queue now and then\n` +
      `goal: at least ${goal.throughput * 100} % of the floor's requests per second, p99 at most ${goal.p99} times the floor's`,
  );
  for (const { kind, title } of interactions) {
    for (const side of [hallpass, floor]) await measure(side, kind, warmUp);
    console.log(`\n${title}\n${tableHead}`);
    for (const connections of allConnections) {
      const measured: Round[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const slice = { connections, seconds };
        measured.push({
          hallpass: await measure(hallpass, kind, slice),
          floor: await measure(floor, kind, slice),
        });
      }
      console.log(tableLine(connections, measured));
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
  if (result.fault !== undefined) throw new Error(`${origin} answered a ${kind} with ${result.fault}`);
  const after = await database.recorded();
  const recorded = kind === "click" ? after.approved - before.approved : after.requests - before.requests;
  if (recorded !== result.answered)
    throw new Error(`${origin} answered ${result.answered} of kind ${kind} and recorded ${recorded}`);
  return { ...result, cpuMs };
}
