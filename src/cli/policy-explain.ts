import { formatDuration, parseDuration } from "../domain/duration.ts";
import { type Ask, evaluate, type Evaluation } from "../policy/evaluate.ts";
import { wordRefusal } from "../policy/explain.ts";
import { wordFault } from "../policy/fault.ts";
import { loadPolicy } from "../policy/load.ts";
import { isEmail } from "../policy/schema.ts";
import { type RuleTrace, traceRules } from "../policy/trace.ts";
import { providerTypes } from "../providers/registry.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";

export type ExplainOptions = {
  readonly as: string;
  readonly for: string;
  readonly reason: string;
  readonly file?: string;
};

/**
 * `hallpass policy explain`: prints how each rule stands to a request, then the verdict and who can approve. Nothing is
 * filed. Resolves with the exit code: 0 whatever the verdict, 1 for a policy that is not fine.
 */
export async function policyExplain(access: string, options: ExplainOptions): Promise<number> {
  const path = options.file ?? readSettings().policyPath;
  const ask = readAsk(access, options);
  const loaded = await loadPolicy(path, { providerTypes });
  if (!loaded.ok) {
    process.stdout.write(loaded.faults.map((fault) => `${wordFault(fault)}\n`).join(""));
    return 1;
  }
  const { resource, role, durationSeconds, requester } = ask;
  const traces = traceRules(loaded.policy, { email: requester.email, resource, role });
  const lines = [
    `${requester.email} asks for ${resource}:${role} for ${formatDuration(durationSeconds)}.`,
    "",
    ...wordTraces(traces),
    "",
    ...wordVerdict(evaluate(loaded.policy, ask)),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

function readAsk(access: string, options: ExplainOptions): Ask {
  const [, resource, role] = /^([^:\s]+):([^:\s]+)$/.exec(access) ?? [];
  if (resource === undefined || role === undefined) {
    throw new CommandError(`expected RESOURCE:ROLE, such as orders-db:read, got "${access}"`);
  }
  if (!isEmail(options.as)) {
    throw new CommandError(`--as: expected an e-mail address, got "${options.as}"`);
  }
  const durationSeconds = parseDuration(options.for);
  if (durationSeconds === undefined) {
    throw new CommandError(`--for: expected a duration such as 30m, 2h or 1h30m, got "${options.for}"`);
  }
  const { as: email, reason } = options;
  return { requester: { email }, resource, role, durationSeconds, reason, now: new Date() };
}

function wordTraces(traces: readonly RuleTrace[]): readonly string[] {
  if (traces.length === 0) return ["There are no rules."];
  const width = Math.max(...traces.map(({ rule }) => rule.length));
  return traces.map(({ rule, decision, against, decides }) => {
    const isMatch = against.length === 0;
    const why = decides
      ? `decides: ${decision}`
      : isMatch
        ? `${decision}, but an earlier rule decides`
        : against.join("; ");
    return `  ${isMatch ? "yes" : "no "}  ${rule.padEnd(width)}  ${why}`;
  });
}

function wordVerdict(evaluation: Evaluation): readonly string[] {
  switch (evaluation.verdict) {
    case "refuse":
      return ["Verdict: refused.", `  The person is told: ${wordRefusal(evaluation.refusal)}`];
    case "allow":
      return [
        "Verdict: allowed at once, nobody is asked.",
        `  At most ${formatDuration(evaluation.maxDurationSeconds)}; told in ${evaluation.channel}.`,
      ];
    case "review":
      return [
        "Verdict: to be approved.",
        ...evaluation.steps.map(
          ({ count, from, approvers }) =>
            `  ${count} of ${approvers.join(", ")} (${from.join(", ")}, without who asks)`,
        ),
        `  Asked in ${evaluation.channel}; expires unanswered after ${formatDuration(evaluation.timeoutSeconds)}; ` +
          `at most ${formatDuration(evaluation.maxDurationSeconds)}.`,
      ];
  }
}
