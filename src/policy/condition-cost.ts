import type { ASTNode } from "@marcbachmann/cel-js";
import { macros } from "./condition-functions.ts";
import { callOf, childrenOf } from "./condition-syntax.ts";

/** How long the lists are that a condition may go through. */
export type ListSizes = { readonly groups: number; readonly grants: number; readonly denials: number };

/** What conditions are made for; only one that goes through longer lists is measured again when it runs. */
export const usualSizes: ListSizes = { groups: 1000, grants: 100, denials: 100 };

/** A step takes 30 to 120 nanoseconds, so a condition at the limit holds up the others for a tenth of a second. */
export const mostSteps = 1_000_000;

/** Whether lists are longer than what a condition was measured for. */
export function exceedsUsual(sizes: ListSizes): boolean {
  return (
    sizes.groups > usualSizes.groups || sizes.grants > usualSizes.grants || sizes.denials > usualSizes.denials
  );
}

/**
 * The most steps that a condition can take, by its text alone. Only lists inside lists add up: no function makes a
 * list longer than those it is given, and none gives a long text a name to double it by.
 */
export function stepsOf(node: ASTNode, sizes: ListSizes): number {
  if (node.op === "rcall" && macros.has(callOf(node).name)) {
    const [, list, [, condition]] = node.args;
    return stepsOf(list, sizes) + lengthOf(list, sizes) * (condition ? stepsOf(condition, sizes) : 0) + 1;
  }
  return childrenOf(node).reduce((steps, child) => steps + stepsOf(child, sizes), ownSteps(node, sizes));
}

/** The time of some steps, in those of the others; one that fails inside a loop makes an error, and the loop goes on. */
const stepsOfCall: Readonly<Record<string, number>> = {
  matches: 1000,
  int: 100,
  duration: 40,
  timestamp: 40,
};

/** These fail when a number is too large, or nothing stands at an index. */
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

/** The most that a list can hold; 0 for what is no list. What is in a list never is one: `survey` sees to that. */
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
