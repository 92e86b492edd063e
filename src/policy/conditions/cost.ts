import type { ASTNode } from "@marcbachmann/cel-js";
import { macros } from "./functions.ts";
import { callOf, childrenOf } from "./syntax.ts";

/** The lengths of the lists that a condition may loop over. */
export type ListSizes = { readonly groups: number; readonly grants: number; readonly denials: number };

/** The sizes conditions are made for; the cost is computed again at run time only if lists are longer. */
export const usualSizes: ListSizes = { groups: 1000, grants: 100, denials: 100 };

/** A step takes 30 to 120 nanoseconds, so a condition at the limit blocks the others for a tenth of a second. */
export const mostSteps = 1_000_000;

/** Whether lists are longer than those a condition was measured for. */
export function exceedsUsual(sizes: ListSizes): boolean {
  return (
    sizes.groups > usualSizes.groups || sizes.grants > usualSizes.grants || sizes.denials > usualSizes.denials
  );
}

/**
 * An upper bound on the steps of a condition, from its text alone. Only lists inside lists add up: no function makes a list longer
 * than those it is given, and none can bind a long text to a name in order to double it.
 */
export function stepsOf(node: ASTNode, sizes: ListSizes): number {
  if (node.op === "rcall" && macros.has(callOf(node).name)) {
    const [, list, [, condition]] = node.args;
    return stepsOf(list, sizes) + lengthOf(list, sizes) * (condition ? stepsOf(condition, sizes) : 0) + 1;
  }
  return childrenOf(node).reduce((steps, child) => steps + stepsOf(child, sizes), ownSteps(node, sizes));
}

/** The cost of some steps, in units of the others; one that fails inside a loop creates an error, and the loop goes on. */
const stepsOfCall: Readonly<Record<string, number>> = {
  matches: 1000,
  int: 100,
  duration: 40,
  timestamp: 40,
};

/** These fail if a number is too large, or nothing is at an index. */
const arithmetic: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "[]"]);

function ownSteps(node: ASTNode, sizes: ListSizes): number {
  if (arithmetic.has(node.op)) return 100;
  if (node.op === "call" || node.op === "rcall") {
    const { name } = callOf(node);
    return stepsOfCall[name] ?? (name.startsWith("get") ? 40 : 5);
  }
  if (node.op === "in" || node.op === "==" || node.op === "!=")
    return 1 + Math.max(...node.args.map((child) => lengthOf(child, sizes)));
  return 1;
}

/** The most that a list can hold; 0 if it is no list. Its items are never lists themselves: `survey` ensures that. */
export function lengthOf(node: ASTNode, sizes: ListSizes): number {
  if (node.op === ".") return lengthOfField(node.args[1], sizes);
  if (node.op === "list") return node.args.length;
  if (node.op === "+") return lengthOf(node.args[0], sizes) + lengthOf(node.args[1], sizes);
  if (node.op === "?:") return Math.max(lengthOf(node.args[1], sizes), lengthOf(node.args[2], sizes));
  if (node.op === "rcall" && callOf(node).name === "filter") return lengthOf(node.args[1], sizes);
  return 0;
}

function lengthOfField(field: string, sizes: ListSizes): number {
  return field === "groups" || field === "grants" || field === "denials" ? sizes[field] : 0;
}
