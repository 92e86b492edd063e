// `npm run bench:policy`: how long a large policy takes to be loaded, and an answer to be found, beside their floors.
import { cpus } from "node:os";
import { load as parseYaml } from "js-yaml";
import { stringify } from "yaml";
import { z } from "zod";
import type { Ask, Facts } from "../src/policy/decide/ask.ts";
import { requestable } from "../src/policy/decide/requestable.ts";
import { evaluate } from "../src/policy/decide/evaluate.ts";
import { wordFault } from "../src/policy/language/fault.ts";
import { noHistory } from "../src/policy/decide/history.ts";
import { parsePolicy } from "../src/policy/language/load.ts";
import type { Policy } from "../src/policy/policy.ts";

const ruleCount = 1000;
const personCount = 5000;
const groupCount = 100;
const resourceCount = 200;
const goal = { loadMs: 1000, evaluateMs: 1 };

const providerTypes = {
  postgres: {
    title: "roles",
    options: z.strictObject({ url: z.string() }),
    target: z.strictObject({ role: z.string() }),
    subject: z.string(),
  },
};

const text = writePolicy();
const now = new Date("2026-11-20T10:00:00Z");
const firstStarted = performance.now();
const { policy, facts } = prepare();
const firstLoadMs = performance.now() - firstStarted;
benchmark();

function benchmark(): void {
  const processor = cpus()[0]?.model ?? "unknown processor";
  console.log(
    `${cpus().length} cores (${processor}), Node.js ${process.version}\n` +
      `${ruleCount} rules (a third with conditions of their own, a third with hours), ${personCount} people in ` +
      `${groupCount} groups, ${resourceCount} resources; ${(text.length / 1024).toFixed(0)} KiB of YAML\n` +
      `floor of loading: the YAML library alone reads the same text\n` +
      `floor of an answer: a loop over the rules that compares resource and role with what each is about\n` +
      `goal: loaded within ${goal.loadMs} ms, an answer within ${goal.evaluateMs} ms; medians, in brackets the slowest\n`,
  );
  const load = () => parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
  report("load, the first time", [firstLoadMs], "");
  report("load", rounds(5, 1, load), "");
  report(
    "  floor: YAML alone",
    rounds(5, 1, () => parseYaml(text)),
    "",
  );
  const last = `resource-${resourceCount - 1}`;
  const pairs = policy.rules.map(({ access: [about] }) => about);
  const compare = () => pairs.filter((about) => about?.resource === last && about.role === "admin").length;
  for (const [title, ask] of Object.entries(asks(last))) {
    const { verdict, rule = "no rule" } = evaluate(policy, ask, facts);
    report(
      `answer: ${title}`,
      rounds(100, 5, () => evaluate(policy, ask, facts)),
      `${verdict} by ${rule}`,
    );
  }
  report("  floor: comparing", rounds(200, 20, compare), "");
  const form = () => requestable(policy, facts.memberships, person(0), now);
  report("what the form offers", rounds(30, 5, form), `${form().length} roles`);
}

function asks(last: string): Readonly<Record<string, Ask>> {
  const ask: Ask = {
    requester: { email: person(0) },
    resource: last,
    role: "admin",
    durationSeconds: 3600,
    reason: "Fixing the invoices of March",
    ticket: "INC-42",
    source: "slack",
    now,
  };
  return {
    "the last rule of all": ask,
    "the last, past every condition and hour": { ...ask, resource: "crowded" },
    "none, past every condition and hour": { ...ask, resource: "crowded", role: "read" },
    "no such resource": { ...ask, resource: "resource" },
    "nobody the policy knows": { ...ask, requester: { email: "stranger@example.org" } },
  };
}

function person(index: number): string {
  return `person-${index}@example.com`;
}

/** Two rules in three are about a role of their own; the third, and what has conditions, about one that many are about. */
function writePolicy(): string {
  const groups = Array.from({ length: groupCount }, (_, index) => {
    const size = personCount / groupCount;
    return [
      `group-${index}`,
      { members: Array.from({ length: size }, (_each, at) => person(index * size + at)) },
    ];
  });
  const roles = Object.fromEntries(["read", "write", "admin"].map((role) => [role, { grant: { role } }]));
  const resources = Array.from({ length: resourceCount }, (_, index) => [
    `resource-${index}`,
    { provider: "pg", risk: index % 2 === 0 ? "high" : "low", roles },
  ]);
  const rules = Array.from({ length: ruleCount }, (_, index) => ruleAt(index));
  const written = {
    version: 1,
    settings: { channel: "#access", timezone: "Europe/London" },
    groups: { ...Object.fromEntries(groups), "on-call": { pagerduty: "PABC123" } },
    providers: { pg: { type: "postgres", url: "${DATABASE_URL}" } },
    resources: { ...Object.fromEntries(resources), crowded: { provider: "pg", roles } },
    rules,
  };
  return stringify(written, { aliasDuplicateObjects: false });
}

function ruleAt(index: number): object {
  const isLast = index === ruleCount - 1;
  const role = isLast ? "admin" : (["read", "write"][index % 2] ?? "");
  const review = {
    decision: "review",
    approvals: [
      { from: [`group:group-${index % groupCount}`], count: 2 },
      { from: [`group:group-${(index + 1) % groupCount}`] },
    ],
    requires: { ticket: { matches: "^INC-[0-9]+$" } },
    max_duration: "4h",
  };
  const name = `rule ${index}`;
  const own = {
    name,
    requesters: [`group:group-${index % groupCount}`],
    access: [`resource-${index % resourceCount}:${role}`],
  };
  if (isLast)
    return { ...own, requesters: ["everyone"], access: [...own.access, "crowded:admin"], ...review };
  // Of these every one has to be looked at: who asks, and for what, is not what speaks against them.
  const crowded = { name, requesters: ["everyone"], access: ["crowded:*"], ...review };
  if (index % 3 === 1)
    return {
      ...crowded,
      when: `request.ticket.startsWith("JOB-${index}-") && request.duration <= duration("${1 + (index % 8)}h")`,
    };
  if (index % 3 === 2) return { ...crowded, hours: { days: "sat,sun", from: "09:00", to: "18:00" } };
  return { ...own, ...review };
}

function prepare(): { readonly policy: Policy; readonly facts: Facts } {
  const parsed = parsePolicy([{ name: "hallpass.yml", text }], { providerTypes });
  if (!parsed.ok) throw new Error(parsed.faults.map(wordFault).join("\n"));
  const onCall = { isKnown: true, members: new Set([person(7)]) } as const;
  return {
    policy: parsed.policy,
    facts: { memberships: new Map([["on-call", onCall]]), history: noHistory },
  };
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** Milliseconds for one, in each round, after as many rounds to warm up. */
function rounds(count: number, each: number, work: () => unknown): readonly number[] {
  const round = () =>
    timed(() => {
      for (let done = 0; done < each; done += 1) work();
    }) / each;
  for (let warming = 0; warming < count; warming += 1) round();
  return Array.from({ length: count }, round);
}

function report(title: string, milliseconds: readonly number[], remark: string): void {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const slowest = sorted.at(-1) ?? 0;
  const wording = `${median.toFixed(3).padStart(10)} ms  (${slowest.toFixed(3)})`;
  console.log(`${title.padEnd(40)}${wording.padEnd(30)}${remark}`.trimEnd());
}
