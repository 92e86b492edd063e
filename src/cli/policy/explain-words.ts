import { formatDuration } from "../../domain/duration.ts";
import type { Ask, Facts } from "../../policy/decide/ask.ts";
import { evaluate, type Evaluation } from "../../policy/decide/evaluate.ts";
import { wordRefusals } from "../../policy/explain/refusal-words.ts";
import type { Policy, Rule } from "../../policy/policy.ts";
import { groupOf } from "../../policy/principal.ts";
import { fieldOf, type PolicyRefusal } from "../../policy/decide/refusals.ts";
import { explainTerms, givingKeys, reviewKeys } from "../../policy/language/rule-keys.ts";
import type { RuleTrace } from "../../policy/explain/trace.ts";

/** A line for each rule: whether it matches, and why not. */
export function wordTraces(traces: readonly RuleTrace[]): readonly string[] {
  if (traces.length === 0) return ["No rule is about that."];
  const width = Math.max(...traces.map(({ rule }) => rule.length));
  return traces.map((trace) => `  ${marks[trace.matches]}  ${trace.rule.padEnd(width)}  ${wordTrace(trace)}`);
}

const marks: Readonly<Record<RuleTrace["matches"], string>> = { yes: "yes", no: "no ", unknown: "?  " };

function wordTrace({ matches, answer, decision, against }: RuleTrace): string {
  const why = against.join("; ");
  switch (matches) {
    case "no":
      return why;
    case "unknown":
      return `${decision}, but it cannot be found out whether it matches${answer ? ", so the answer is no" : ""}: ${why}`;
    case "yes":
      if (answer === "refuse") return `${decision}, but an earlier rule is in doubt, so the answer is no`;
      return answer ? `decides: ${answer}` : `${decision}, but an earlier rule decides`;
  }
}

/** What the policy answers, what the person could correct, and who could approve. */
export function wordVerdict(
  policy: Policy,
  ask: Ask,
  facts: Facts,
  evaluation: Evaluation,
): readonly string[] {
  if (evaluation.verdict !== "refuse") return headed("Verdict:", wordAnswer(policy, facts, evaluation));
  const told = ["Verdict: refused.", `  The person is told: ${wordRefusals(evaluation.refusals)}`];
  const mended = afterMending(policy, ask, facts, evaluation);
  if (!mended || mended.verdict === "refuse") return told;
  return [...told, ...headed("Once that is mended:", wordAnswer(policy, facts, mended))];
}

function headed(head: string, [first = "", ...rest]: readonly string[]): readonly string[] {
  return [`${head} ${first}`, ...rest];
}

/** What the same rule answers once its requirements are met; `undefined` if the person cannot correct the refusal. */
function afterMending(
  policy: Policy,
  ask: Ask,
  facts: Facts,
  { refusals, rule }: Extract<Evaluation, { verdict: "refuse" }>,
): Evaluation | undefined {
  if (rule === undefined || !refusals.every(isMendable)) return undefined;
  const lenient = (each: Rule): Rule =>
    each.name === rule && each.decision !== "deny" ? { ...each, requires: {} } : each;
  const durationSeconds = Math.min(ask.durationSeconds, ...refusals.map(longest));
  const reason = ask.reason.trim() === "" ? "-" : ask.reason;
  const mended = evaluate(
    { ...policy, rules: policy.rules.map(lenient) },
    { ...ask, durationSeconds, reason },
    facts,
  );
  // Conditions depend on the request too, so another rule may match the corrected one; its answer does not belong here.
  return mended.rule === rule ? mended : undefined;
}

function isMendable(refusal: PolicyRefusal): boolean {
  return ["duration", "reason", "ticket"].includes(fieldOf(refusal));
}

function longest(refusal: PolicyRefusal): number {
  return "maxSeconds" in refusal ? refusal.maxSeconds : Infinity;
}

function wordAnswer(
  policy: Policy,
  facts: Facts,
  evaluation: Exclude<Evaluation, { verdict: "refuse" }>,
): readonly string[] {
  const doubts = evaluation.doubts.map((doubt) => `  In doubt: ${doubt}.`);
  const terms = wordTerms(evaluation);
  if (evaluation.verdict === "allow") {
    const { breakGlass, channel } = evaluation;
    if (!breakGlass)
      return ["allowed at once, nobody is asked.", `  Told in ${channel}.`, ...terms, ...doubts];
    const { from, reviewers, withinSeconds } = breakGlass;
    return [
      "allowed at once, and reviewed afterwards.",
      `  Reviewed within ${formatDuration(withinSeconds)} by ${wordPeople(policy, facts, from, reviewers)}`,
      `  Told in ${channel} and ${policy.settings.alerts}.`,
      ...terms,
      ...doubts,
    ];
  }
  const { steps, timeoutSeconds, escalate, mayBreakGlass } = evaluation;
  const { phrases, sentences } = explainTerms(reviewKeys, evaluation);
  const asked = [
    `Asked in ${evaluation.channel}, ${wordPings(steps)}`,
    ...phrases,
    `expires unanswered after ${formatDuration(timeoutSeconds)}`,
  ];
  return [
    "to be approved.",
    ...steps.map(
      ({ count, from, approvers }, index) =>
        `  ${index === 0 ? "" : "then "}${count} of ${wordPeople(policy, facts, from, approvers)}`,
    ),
    `  ${asked.join("; ")}.`,
    ...(escalate
      ? [
          `  Unanswered for ${formatDuration(escalate.afterSeconds)}, these may decide too: ${wordPeople(policy, facts, escalate.to, escalate.approvers)}`,
        ]
      : []),
    ...sentences.map((sentence) => `  ${sentence}`),
    ...(mayBreakGlass ? ["  May be taken at once and reviewed afterwards (--break-glass)."] : []),
    ...terms,
    ...doubts,
  ];
}

function wordTerms(evaluation: Exclude<Evaluation, { verdict: "refuse" }>): readonly string[] {
  const { maxDurationSeconds, grants, extend, ...others } = evaluation;
  const most = [
    `At most ${formatDuration(maxDurationSeconds)}`,
    ...explainTerms(["extend"], { extend }).phrases,
  ];
  const { phrases, sentences } = explainTerms(givingKeys, others);
  const bundle = grants.map(({ resource, role }) => `${resource}:${role}`).join(", ");
  return [
    `  ${[most.join(", "), ...phrases].join("; ")}.`,
    ...sentences.map((sentence) => `  ${sentence}`),
    ...(grants.length > 1 ? [`  Grants ${bundle}.`] : []),
  ];
}

/** The people that principals stand for, and the groups whose members are not known. */
function wordPeople(
  policy: Policy,
  { memberships }: Facts,
  from: readonly string[],
  people: readonly string[],
): string {
  const unreadable = from.filter((principal) => {
    const group = groupOf(principal);
    if (group === undefined || policy.groups.get(group)?.kind === "members") return false;
    return memberships.get(group)?.isKnown !== true;
  });
  const known = people.length === 0 ? [] : [people.join(", ")];
  const unknown = unreadable.length === 0 ? [] : [`whoever is in ${unreadable.join(", ")}`];
  const all = [...known, ...unknown].join(", or ") || "nobody";
  return from.every((principal) => groupOf(principal) === undefined) || unknown.length > 0
    ? all
    : `${all} (${from.join(", ")}, without who asks)`;
}

function wordPings(steps: Extract<Evaluation, { verdict: "review" }>["steps"]): string {
  const words = steps.map(({ notify, approvers }) => {
    if (notify.length === 0) return "nobody";
    const isEverybody =
      notify.length === approvers.length && notify.every((each) => approvers.includes(each));
    return isEverybody ? "who may decide" : notify.join(", ");
  });
  const [first = "nobody", ...others] = new Set(words);
  return `pinging ${others.length === 0 ? first : words.join(", then ")}`;
}
