import { quoted } from "../../domain/text.ts";
import { firstUnfillable } from "../decide/fill-steps.ts";
import type { Reach } from "./unreachable-rules.ts";
import { isAmong, noMemberships, peopleAmong, memberStatus } from "../people.ts";
import type { BreakGlass, Policy, ReviewRule } from "../policy.ts";
import { child, itemsOf, listed, type SourceNode } from "../language/source.ts";
import { type PolicyWarning, warningAt } from "./warning.ts";

/** More people than this are counted instead of named. */
const maxNamed = 5;

/** Finds steps that cannot be filled when some of the rule's requesters ask, because nobody decides their own request. */
export function stepWarnings(
  policy: Policy,
  reach: Reach,
  index: number,
  node: SourceNode,
): readonly PolicyWarning[] {
  const rule = policy.rules[index];
  if (rule?.decision !== "review") return [];
  const stepNodes = itemsOf(child(node, "approvals"));
  const unfillable = [...unfillableFor(policy, rule, (person) => reach.reaches(index, person))];
  return [
    ...unfillable.map(([step, people]) =>
      warningAt(
        "unfillable-step",
        (stepNodes[step] ?? node).at,
        `when ${wordPeople(people)} ${people.length === 1 ? "asks" : "ask"}, too few others can approve this step of ${quoted(rule.name)}: they are always refused`,
      ),
    ),
    ...breakGlassWarnings(policy, rule, node),
  ];
}

/** By step: the requesters for whom it cannot be filled. */
function unfillableFor(
  policy: Policy,
  rule: ReviewRule,
  reaches: (person: string) => boolean,
): ReadonlyMap<number, readonly string[]> {
  const needed = rule.steps.reduce((sum, { count }) => sum + count, 0);
  const steps = rule.steps.flatMap(({ count, from }, index) => {
    const { emails, unreadable } = peopleAmong(policy, noMemberships, from);
    // An external group may always have enough members.
    return unreadable.length > 0 ? [] : [{ index, count, approvers: emails }];
  });
  // A step that lists more people than are needed in all can do without one of them.
  const scarce = new Set(steps.flatMap(({ approvers }) => (approvers.length > needed ? [] : approvers)));
  const found = new Map<number, string[]>();
  for (const person of scarce) {
    if (!isAmong(policy, noMemberships, rule.requesters, person) || !reaches(person)) continue;
    const others = steps.map((step) => ({
      ...step,
      approvers: step.approvers.filter((each) => each !== person),
    }));
    const short = firstUnfillable(others);
    const step = short === undefined ? undefined : steps[short]?.index;
    if (step !== undefined) found.set(step, [...(found.get(step) ?? []), person]);
  }
  return found;
}

function breakGlassWarnings(
  policy: Policy,
  { breakGlass, name, requesters }: ReviewRule,
  node: SourceNode,
): readonly PolicyWarning[] {
  if (!breakGlass) return [];
  const taker = onlyReviewer(policy, breakGlass);
  if (taker === undefined || memberStatus(policy, noMemberships, requesters, taker).is === "out") return [];
  const at = (child(child(node, "break_glass"), "review_by") ?? node).at;
  return [
    warningAt(
      "unreviewable-break-glass",
      at,
      `when ${taker} takes the access of ${quoted(name)} at once, nobody else could review it: they are refused`,
    ),
  ];
}

function onlyReviewer(policy: Policy, { by, reviewBy }: BreakGlass): string | undefined {
  const { emails, unreadable } = peopleAmong(policy, noMemberships, reviewBy);
  const [only, ...others] = emails;
  if (only === undefined || others.length > 0 || unreadable.length > 0) return undefined;
  return isAmong(policy, noMemberships, by, only) ? only : undefined;
}

function wordPeople(people: readonly string[]): string {
  const rest = people.length - maxNamed;
  return rest > 0 ? `${people.slice(0, maxNamed).join(", ")} or ${rest} more` : listed(people, "or");
}
