import { quoted } from "../../domain/text.ts";
import { parseDuration } from "../../domain/duration.ts";
import type { PolicyFault } from "./fault.ts";
import { firstUnfillable } from "../decide/fill-steps.ts";
import { accessFaults, groupFault, groupFaults } from "./name-check.ts";
import { groupOf, isEmail, normalEmail } from "../principal.ts";
import { bounded, goesWith } from "./rule-keys.ts";
import { child, descendant, faultAt, itemsOf, listed, textOf, textsOf, type SourceNode } from "./source.ts";

/** Finds faults in rules that their shape does not show. */
export function ruleFaults(root: SourceNode): readonly PolicyFault[] {
  const approversOf = approverLists(root);
  return itemsOf(child(root, "rules")).flatMap((rule) => [
    ...wordingFaults(root, rule),
    ...stepFaults(root, rule, approversOf),
  ]);
}

function wordingFaults(root: SourceNode, rule: SourceNode): readonly PolicyFault[] {
  const breakGlass = child(rule, "break_glass");
  return [
    ...groupFaults(root, child(rule, "requesters")),
    ...accessFaults(root, child(rule, "access")),
    ...decisionFaults(rule),
    ...groupFaults(root, child(child(rule, "escalate"), "to")),
    ...groupFaults(root, child(breakGlass, "by")),
    ...groupFaults(root, child(breakGlass, "review_by")),
    ...limitFaults(rule),
  ];
}

function decisionFaults(rule: SourceNode): readonly PolicyFault[] {
  const decision = child(rule, "decision");
  const said = textOf(decision);
  if (!decision || (said !== "allow" && said !== "review" && said !== "deny")) return [];
  const misplaced = goesWith.flatMap(({ key, decisions }) => {
    const node = child(rule, key);
    return node && !decisions.includes(said)
      ? [
          faultAt(
            node.keyAt,
            `${quoted(key)} goes with decision ${listed(decisions, "or")} only, got decision ${said}`,
          ),
        ]
      : [];
  });
  if (said !== "review" || child(rule, "approvals")) return misplaced;
  return [...misplaced, faultAt(decision.at, 'expected "approvals" with decision review, got none')];
}

/** Finds limits of a rule or a role that contradict one another. */
export function limitFaults(rule: SourceNode): readonly PolicyFault[] {
  return bounded.flatMap(({ path, bound }) => {
    const node = descendant(rule, path);
    const [text, most] = [textOf(node) ?? "", textOf(child(rule, bound)) ?? ""];
    const [seconds, mostSeconds] = [parseDuration(text), parseDuration(most)];
    if (!node || seconds === undefined || mostSeconds === undefined || seconds <= mostSeconds) return [];
    return [faultAt(node.at, `expected at most ${quoted(bound)}, ${most}, got ${text}`)];
  });
}

type ApproversOf = (step: SourceNode) => readonly string[] | undefined;

function stepFaults(root: SourceNode, rule: SourceNode, approversOf: ApproversOf): readonly PolicyFault[] {
  const steps = itemsOf(child(rule, "approvals"));
  const unknown = steps.flatMap((step) => [
    ...groupFaults(root, child(step, "from")),
    ...groupFault(root, child(step, "notify")),
  ]);
  if (unknown.length > 0) return unknown;
  const filled = steps.map((step) => ({ step, count: countOf(step), approvers: approversOf(step) }));
  const listedSteps = filled.flatMap(({ step, count, approvers }) =>
    count === undefined || approvers === undefined ? [] : [{ step, count, approvers }],
  );
  const short = listedSteps.find(({ count, approvers }) => approvers.length < count);
  if (short) return [tooFew(short)];
  const unfillable = firstUnfillable(listedSteps);
  const stuck = unfillable === undefined ? undefined : listedSteps[unfillable]?.step;
  return stuck
    ? [
        faultAt(
          stuck.at,
          "expected other people than the earlier steps need: each person counts in one step only",
        ),
      ]
    : [];
}

function tooFew({
  step,
  count,
  approvers,
}: {
  readonly step: SourceNode;
  readonly count: number;
  readonly approvers: readonly string[];
}): PolicyFault {
  const people =
    approvers.length === 0 ? "nobody" : `only ${approvers.length > 5 ? approvers.length : listed(approvers)}`;
  const expected = `expected at least ${count} ${count === 1 ? "person" : "people"} who can approve`;
  return faultAt((child(step, "count") ?? child(step, "from") ?? step).at, `${expected}, got ${people}`);
}

function countOf(step: SourceNode): number | undefined {
  const counted = child(step, "count");
  if (counted === undefined) return 1;
  return counted.kind === "scalar" && typeof counted.value === "number" ? counted.value : undefined;
}

/**
 * Everybody a step lists; `undefined` if some are in external groups, or what is written is faulty. A thousand rules name the same
 * few, so each list is made once.
 */
function approverLists(root: SourceNode): ApproversOf {
  const lists = new Map<string, readonly string[] | undefined>();
  return (step) => {
    const principals = textsOf(child(step, "from")).map(({ text }) => text);
    const key = principals.join("\n");
    if (!lists.has(key)) lists.set(key, listApprovers(root, principals));
    return lists.get(key);
  };
}

function listApprovers(root: SourceNode, principals: readonly string[]): readonly string[] | undefined {
  if (principals.length === 0) return undefined;
  const people = new Set<string>();
  for (const text of principals) {
    const group = groupOf(text);
    if (group === undefined) {
      if (!isEmail(text)) return undefined;
      people.add(normalEmail(text));
      continue;
    }
    const members = child(child(child(root, "groups"), group), "members");
    if (!members) return undefined;
    for (const member of textsOf(members)) {
      if (!isEmail(member.text)) return undefined;
      people.add(normalEmail(member.text));
    }
  }
  return [...people].toSorted();
}
