import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { historiesIn, type SlackMood, type Step } from "./history.ts";
import { type Lateness, latenessOf } from "./lateness.ts";
import type { Line } from "./record.ts";
import { knownHistories } from "./known-histories.ts";
import { checkAlways, checkEnd } from "./invariants.ts";
import { type Course, perform, review } from "./perform.ts";
import { restore } from "./unrest.ts";
import { type ModelWorld, openModelWorld, type Queues } from "./world.ts";

/** What does not hold, with all that happened until then. */
class HistoryError extends Error {
  constructor(why: string, told: readonly string[]) {
    super(`${why}\n${told.join("\n")}`);
    this.name = "HistoryError";
  }
}

/** Runs one history in a world in which nothing is left of any other; what its audit has. */
async function runHistory(world: ModelWorld, steps: readonly Step[]): Promise<readonly Line[]> {
  world.lostAnswers = false;
  const course: Course = {
    since: await world.nextNumber(),
    startedAt: Date.now(),
    rests: [],
    takenByHand: new Set(),
  };
  const first = await world.lastLine();
  const told: string[] = [];
  try {
    for (const step of steps) {
      told.push(`  ${JSON.stringify(step)}`);
      await perform(world, course, step);
      await checkAlways(world, course);
    }
    told.push("  (everything works again)");
    await world.heal();
    for (let round = 0; round < 12; round += 1) {
      world.pass(6);
      await world.settle();
      if ((await world.owed()).overdue === 0) break;
    }
    await restore(world);
    await review(world, course);
    await world.settle();
    await checkAlways(world, course);
    told.push("  (all the time there was has passed)");
    world.pass(25 * 60);
    await drained(world);
    await checkEnd(world, course);
    return await world.linesAfter(first);
  } catch (error) {
    throw new HistoryError(error instanceof Error ? error.message : String(error), [
      "What happened:",
      ...told,
      "What the audit has:",
      ...(await auditOf(world, course)),
      "What is owed:",
      ...(await world.owes()).map((line) => `  ${line}`),
      "What the provider was asked:",
      ...world.provider
        .log()
        .slice(-40)
        .map((entry) => `  ${JSON.stringify(entry)}`),
    ]);
  }
}

/** How long a channel may be held back once Slack has asked to wait: by the machine's time, not the world's. */
const heldBackMs = 10_000;

/** Lets time pass until nothing is owed; gives up when that takes longer than anything may. */
async function drained(world: ModelWorld): Promise<void> {
  const end = performance.now() + heldBackMs;
  for (let round = 0; round < 3 || performance.now() < end; round += 1) {
    await world.settle();
    if ((await world.owed()).all === 0) return;
    world.pass(6);
    if (round >= 3) await sleep(200);
  }
}

async function auditOf(world: ModelWorld, { since }: Course): Promise<readonly string[]> {
  const requests = await world.asked(since);
  return requests
    .flatMap(({ number, lines }) => lines.map((line) => ({ number, ...line })))
    .toSorted((one, other) => one.seq - other.seq)
    .map(
      ({ number, at, type, actorEmail, data }) =>
        `  ${at.toISOString()} AR-${number} ${type} ${actorEmail ?? ""} ${JSON.stringify(data).slice(0, 200)}`,
    );
}

/** Who is one person by now, or locked down for good, cannot be anybody in another history. */
function isSpent({ persons }: ModelWorld): boolean {
  return persons.haveJoined() || persons.locked().length > 0;
}

export type Plan = {
  readonly histories: number;
  readonly seed: number;
  /** Where in the run that seed makes the history to replay is. */
  readonly path?: string | undefined;
  readonly queues: Queues;
  /** Kind unless told. */
  readonly slack?: SlackMood;
  /** How long a failing history is made shorter, in milliseconds. */
  readonly shrinkMs: number;
  readonly onHistory?: (count: number) => void;
};

export type Report = {
  readonly ran: number;
  readonly failure: string | undefined;
  /** How often each kind of event was recorded: what never happens was not tried. */
  readonly recorded: ReadonlyMap<string, number>;
  readonly lateness: Lateness;
};

/** A world is replaced after so many histories: what Slack has heard of only grows, and each takes longer than the last. */
const historiesPerWorld = 12;

/** Runs histories until one fails, which it then tells as short as it can be made, with what replays it. */
export async function runHistories(plan: Plan): Promise<Report> {
  const { slack: mood = "kind" } = plan;
  let world: ModelWorld | undefined;
  let inThisWorld = 0;
  let ran = 0;
  let ranToFailure: number | undefined;
  let shrinkUntil = Infinity;
  const recorded = new Map<string, number>();
  const lateness = { milliseconds: new Array<number>(), heldUp: 0 };

  const property = fc.asyncProperty(historiesIn(mood), async (steps) => {
    if (performance.now() > shrinkUntil) return;
    if (world && (inThisWorld >= historiesPerWorld || isSpent(world))) {
      await world.close();
      world = undefined;
    }
    if (!world) {
      world = await openModelWorld(plan.queues, mood);
      inThisWorld = 0;
    }
    inThisWorld += 1;
    if (ranToFailure === undefined) ran += 1;
    try {
      const lines = await runHistory(world, steps);
      for (const { type } of lines) recorded.set(type, (recorded.get(type) ?? 0) + 1);
      const late = latenessOf(lines, world.jumps);
      lateness.milliseconds.push(...late.milliseconds);
      lateness.heldUp += late.heldUp;
      plan.onHistory?.(ran);
    } catch (error) {
      ranToFailure ??= ran;
      if (shrinkUntil === Infinity) shrinkUntil = performance.now() + plan.shrinkMs;
      // What it left behind would be taken for the next one's.
      const dirty = world;
      world = undefined;
      await dirty.close().catch(() => undefined);
      throw error;
    }
  });
  try {
    const result = await fc.check(property, {
      numRuns: plan.histories,
      seed: plan.seed,
      examples: knownHistories.map((steps): [readonly Step[]] => [steps]),
      ...(plan.path !== undefined && { path: plan.path }),
    });
    if (!result.failed) return { ran, failure: undefined, recorded, lateness };
    const why =
      result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
    const replay = `npm run soak -- --queues ${plan.queues} --slack ${mood} --seed ${result.seed} --path ${result.counterexamplePath ?? ""}`;
    return { ran, failure: `History ${ran} fails. To replay it: ${replay}\n${why}`, recorded, lateness };
  } finally {
    await world?.close();
  }
}
