import type { Evaluation } from "../decide/evaluate.ts";
import { wordRefusals } from "../explain/refusal-words.ts";
import { isEmail, normalEmail, groupOf } from "../principal.ts";
import type { PolicyRefusal } from "../decide/refusals.ts";

/** An approval step as a test writes it: the policy's principals, or the people they stand for. */
export type ExpectedStep = { readonly count: number; readonly from: readonly string[] };

/** What a test expects; if steps or a reason are not given, any will do. */
export type Expectation =
  | { readonly verdict: "allow" }
  | { readonly verdict: "review"; readonly steps?: readonly ExpectedStep[] }
  | { readonly verdict: "deny"; readonly because?: string };

const verdicts = ["allow", "review", "deny"] as const;

type ReadExpectation =
  { readonly ok: true; readonly expectation: Expectation } | { readonly ok: false; readonly message: string };

const expectError =
  'expected allow, review, review by group:leads, then 2 of group:security, deny, or deny because "words"';

/** Reads the text under `expect:`. */
export function readExpectation(text: string): ReadExpectation {
  const [, verdict, by, because] =
    /^\s*(?:(allow|review|deny)|review\s+by\s+(.+)|deny\s+because\s+(.+))\s*$/isu.exec(text) ?? [];
  if (by !== undefined) {
    const steps = by.split(/,?\s+then\s+/iu).map(readStep);
    const isWhole = steps.every((step) => step !== undefined);
    return isWhole
      ? { ok: true, expectation: { verdict: "review", steps } }
      : {
          ok: false,
          message: "expected steps such as 2 of group:security or bob@example.com, carol@example.com",
        };
  }
  if (because !== undefined)
    return {
      ok: true,
      expectation: { verdict: "deny", because: because.trim().replace(/^(["'])(.*)\1$/su, "$2") },
    };
  const plain = verdicts.find((each) => each === verdict?.toLowerCase());
  return plain ? { ok: true, expectation: { verdict: plain } } : { ok: false, message: expectError };
}

function readStep(text: string): ExpectedStep | undefined {
  const [, count = "1", names = ""] = /^\s*(?:(\d{1,4})\s+of\s+)?(.+?)\s*$/su.exec(text) ?? [];
  const from = names
    .split(/\s*,\s*|\s+(?:or|and)\s+/u)
    .map((name) => (groupOf(name) === undefined ? normalEmail(name) : name));
  const isRead = Number(count) > 0 && from.every((name) => isEmail(name) || groupOf(name) !== undefined);
  return isRead ? { count: Number(count), from } : undefined;
}

/** Whether an answer is the expected one. */
export function isExpected(expectation: Expectation, evaluation: Evaluation): boolean {
  switch (expectation.verdict) {
    case "allow":
      return evaluation.verdict === "allow";
    case "review":
      return evaluation.verdict === "review" && areSteps(expectation.steps, evaluation.steps);
    case "deny":
      return evaluation.verdict === "refuse" && isBecause(expectation.because, evaluation);
  }
}

type Steps = Extract<Evaluation, { verdict: "review" }>["steps"];

function areSteps(expected: readonly ExpectedStep[] | undefined, steps: Steps): boolean {
  if (!expected) return true;
  return (
    expected.length === steps.length &&
    steps.every(({ count, from, approvers }, index) => {
      const step = expected[index];
      return step?.count === count && (isSame(step.from, from) || isSame(step.from, approvers));
    })
  );
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  const [left, right] = [new Set(some), new Set(others)];
  return left.size === right.size && [...left].every((each) => right.has(each));
}

function isBecause(
  text: string | undefined,
  { refusals }: Extract<Evaluation, { verdict: "refuse" }>,
): boolean {
  // Otherwise a group that a test forgot to define would pass for a deny.
  if (text === undefined) return refusals.every(isCertain);
  const wanted = text.toLowerCase();
  return (
    refusals.some(({ kind }) => kind === wanted) || wordRefusals(refusals).toLowerCase().includes(wanted)
  );
}

function isCertain(refusal: PolicyRefusal): boolean {
  return refusal.kind !== "undecided" && !("unreadable" in refusal && refusal.unreadable.length > 0);
}

/** Writes what was expected, as tests do. */
export function wordExpectation(expectation: Expectation): string {
  switch (expectation.verdict) {
    case "allow":
      return "allow";
    case "review":
      return expectation.steps ? `review by ${wordSteps(expectation.steps)}` : "review";
    case "deny":
      return expectation.because === undefined
        ? "deny"
        : `deny because ${JSON.stringify(expectation.because)}`;
  }
}

/** Writes the actual answer, as tests do. */
export function wordAnswer(evaluation: Evaluation): string {
  switch (evaluation.verdict) {
    case "allow":
      return "allow";
    case "review":
      return `review by ${wordSteps(evaluation.steps)}`;
    case "refuse":
      return `deny because ${JSON.stringify(wordRefusals(evaluation.refusals))}`;
  }
}

function wordSteps(steps: readonly ExpectedStep[]): string {
  return steps
    .map(({ count, from }) => `${count === 1 ? "" : `${count} of `}${from.join(", ")}`)
    .join(", then ");
}
