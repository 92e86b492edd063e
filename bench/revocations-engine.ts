// What ends access, in a process of its own and as src/main.ts wires it, with a provider and a Slack that do nothing.
import { pino } from "pino";
import { carryOutRevoke } from "../src/access/carry-out/revoke.ts";
import type { Handlers, Outcome } from "../src/access/carry-out/carry-out.ts";
import { createStateCache } from "../src/access/requests/state-cache.ts";
import { createSecretBox } from "../src/access/secret-box.ts";
import { effectKinds, type QueueName } from "../src/domain/effect.ts";
import { createCourtesy } from "../src/jobs/courtesy.ts";
import { createQueues } from "../src/jobs/queues.ts";
import { runClaimed, type RunnerDeps, runEffect } from "../src/jobs/run-effect.ts";
import { startSweep } from "../src/jobs/sweep.ts";
import { createDatabaseClock } from "../src/persistence/database/clock.ts";
import { openDatabase } from "../src/persistence/database/database.ts";
import { createBatchedEnds } from "../src/persistence/requests/batched-ends.ts";
import type { LiveProvider } from "../src/providers/open.ts";
import type { Started } from "./support/started.ts";

const [databaseUrl = "", redisUrl = ""] = process.argv.slice(2);
const log = pino({ level: process.env["LOG_LEVEL"] ?? "silent" }, process.stderr);
const { prisma: db } = openDatabase(databaseUrl);
const clock = createDatabaseClock();

const starts: Started["starts"] = [];
const provider: LiveProvider = {
  type: "bench",
  settlesSeconds: 15,
  identity: () => Promise.resolve("bench"),
  prepare: (subject) => Promise.resolve({ subjectId: subject, targetId: "bench", state: {}, isHeld: false }),
  grant: () => Promise.resolve({ state: {} }),
  revoke(subject) {
    starts.push([subject, performance.timeOrigin + performance.now()]);
    return Promise.resolve({ keptBy: [] });
  },
  holds: () => Promise.resolve(false),
  check: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

const courtesy = createCourtesy();
const queues = createQueues({
  redisUrl: redisUrl === "" ? undefined : redisUrl,
  databaseUrl,
  courtesy,
  log,
});
const record = { db, clock, wake: queues.wake, recent: createStateCache() };
const carryOut = {
  ...record,
  ends: createBatchedEnds(db, clock),
  providers: new Map([["bench", provider]]),
  secretBox: createSecretBox("bench"),
  report: console.error,
};
/** What messages and the rest cost is not measured here. */
const nothing = (): Promise<Outcome> => Promise.resolve({ outcome: "done" });
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Every kind is there.
const handlers = Object.fromEntries(
  effectKinds.map((kind) => [kind, nothing]),
) as Partial<Handlers> as Handlers;
const runner: RunnerDeps = {
  ...record,
  log,
  handlers: { ...handlers, revoke: (effect) => carryOutRevoke(carryOut, effect) },
};
const run = async (effectId: string, queue: QueueName): Promise<void> => {
  if (queue === "revocations") return sweep.end();
  await courtesy.turn(queue === "grants");
  return runEffect(runner, effectId);
};
const before = process.cpuUsage();
const sweep = startSweep({
  ...record,
  queues,
  run,
  end: (effect) => courtesy.attend(() => runClaimed(runner, effect)),
  log,
});
queues.work(run, () => sweep.look());

// Asked for anything, it says what it has started, and what that took.
process.on("message", () => {
  const { user, system } = process.cpuUsage(before);
  process.send?.({ starts, cpuMs: (user + system) / 1000 } satisfies Started);
});
process.once("disconnect", () => process.exit(0));
process.send?.({ ready: "" });
