// `npm run soak -- --histories N [--seed S] [--path P] [--queues Redis] [--slack unkind] [--shrink SECONDS]`: histories of everything that can happen, for as long as wanted.
import { parseArgs } from "node:util";
import { wordLateness } from "./lateness.ts";
import { type Plan, runHistories } from "./run.ts";

const { values } = parseArgs({
  options: {
    histories: { type: "string" },
    seed: { type: "string" },
    path: { type: "string" },
    queues: { type: "string", default: "PostgreSQL" },
    slack: { type: "string", default: "kind" },
    /** Seconds in which a failing history is made shorter. */
    shrink: { type: "string" },
  },
});
const { queues, slack } = values;
if (queues !== "PostgreSQL" && queues !== "Redis")
  throw new Error(`--queues: expected PostgreSQL or Redis, got "${queues}"`);
if (slack !== "kind" && slack !== "unkind")
  throw new Error(`--slack: expected kind or unkind, got "${slack}"`);
const plan: Plan = {
  queues,
  slack,
  histories: whole("histories", values.histories ?? "1000"),
  seed: whole("seed", values.seed ?? String(Date.now() % 2 ** 31)),
  path: values.path,
  shrinkMs: whole("shrink", values.shrink ?? "60") * 1_000,
};

const started = performance.now();
console.log(
  `${plan.path === undefined ? `${plan.histories} histories` : `the history ${plan.path}`} of seed ${plan.seed}`,
);
const { ran, failure, recorded, lateness } = await runHistories({
  ...plan,
  onHistory(count) {
    if (count % 100 === 0) console.log(`${count} histories, ${seconds(started)} s`);
  },
});
console.log(failure ?? `${ran} histories hold, in ${seconds(started)} s.`);
const often = [...recorded].toSorted(([, one], [, other]) => other - one);
console.log(`Recorded: ${often.map(([type, times]) => `${type} ${times}`).join(", ")}.`);
if (failure !== undefined) process.exitCode = 1;
console.log(wordLateness(lateness));
// BullMQ's workers of the dead wait for their Redis for ever.
process.exit();

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`--${name}: expected a whole number, got "${text}"`);
  return value;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
