import { quoted } from "../../domain/text.ts";
import { EvaluationError, type ASTNode } from "@marcbachmann/cel-js";
import { lengthOf, usualSizes } from "./cost.ts";
import { variables, type Use } from "./facts.ts";
import { functions, macros, readerOf } from "./functions.ts";
import { callOf, childrenOf, type Call } from "./syntax.ts";
import { wordUnknown } from "../language/nearest.ts";

/** Something wrong in a condition, at an offset in its text. */
export type ConditionFault = { readonly message: string; readonly offset: number };

/**
 * Returns what a condition reads, or the first thing in it that is not part of our language of conditions. That language is smaller
 * than CEL: it leaves out whatever could create a value without a type, a value of unbounded size, or a surprise.
 */
export function survey(
  root: ASTNode,
): { readonly uses: ReadonlySet<Use> } | { readonly fault: ConditionFault } {
  const uses = new Set<Use>();
  let fault: ConditionFault | undefined;
  const refuse = (node: ASTNode, message: string): void => {
    fault ??= { message, offset: node.pos };
  };

  function visit(node: ASTNode, scope: readonly string[]): void {
    if (node.op === "call" || node.op === "rcall") {
      visitCall(node, scope);
      return;
    }
    if (node.op === "value") visitLiteral(node);
    if (node.op === "id") visitName(node, scope);
    if (node.op === "." && (node.args[1] === "groups" || node.args[1] === "on_call")) uses.add(node.args[1]);
    // A text as an index would reach a field whose type is unknown until the condition runs.
    if (node.op === "[]" && !isWholeNumber(node.args[1]))
      refuse(node.args[1], "expected a whole number between [ and ]");
    if (node.op === "list") {
      const inner = node.args.find((child) => lengthOf(child, usualSizes) > 0);
      if (inner) refuse(inner, "expected a text or a number, got a list inside a list");
    }
    if (node.op === "map")
      refuse(node, "expected no map: a condition has lists and texts, and x ? a : b to choose");
    for (const child of childrenOf(node)) visit(child, scope);
  }

  function visitName(node: ASTNode & { readonly op: "id" }, scope: readonly string[]): void {
    const name = node.args;
    const known = [...variables, ...scope];
    if (!known.includes(name)) refuse(node, wordUnknown("name", name, known, "Known here"));
    if (name === "history" || name === "now") uses.add(name);
  }

  function visitLiteral(node: ASTNode & { readonly op: "value" }): void {
    if (node.args === null) refuse(node, 'expected a value, got null: what a request leaves out is ""');
    else if (typeof node.args === "object")
      refuse(node, `expected a text or a number, got ${quoted(node.input.slice(node.start, node.end))}`);
    else if (typeof node.args === "bigint" && BigInt.asIntN(64, node.args) !== node.args)
      refuse(node, `expected a number of at most 64 bits, got ${quoted(node.args.toString())}`);
  }

  function visitCall(node: Call, scope: readonly string[]): void {
    const { name, receiver, values } = callOf(node);
    const forms = functions[name];
    if (!Object.hasOwn(functions, name) || !forms) {
      if (name === "has") refuse(node, 'expected no has(): what a request leaves out is there, and ""');
      else refuse(node, wordUnknown("function", name, Object.keys(functions), "Known here"));
      return;
    }
    if (receiver) visit(receiver, scope);
    if (!macros.has(name)) {
      const [value] = values;
      if (value) visitQuoted(name, values.length, value);
      for (const each of values) visit(each, scope);
      return;
    }
    const [variable, condition] = values;
    if (!receiver || variable?.op !== "id" || !condition || values.length !== 2)
      refuse(node, `expected ${forms[0]}`);
    else if ([...variables, ...scope].includes(variable.args))
      refuse(
        variable,
        `expected a name of its own for what is in the list, got ${quoted(variable.args)} again`,
      );
    else visit(condition, [...scope, variable.args]);
  }

  function visitQuoted(name: string, argumentCount: number, value: ASTNode): void {
    const read = readerOf(name, argumentCount);
    if (!read || (value.op === "id" && value.args === "timezone" && name.startsWith("get"))) return;
    if (value.op !== "value" || typeof value.args !== "string") {
      refuse(value, `expected ${functions[name]?.[0]}, with a text in quotes`);
      return;
    }
    try {
      read(value.args);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      refuse(value, error.summary);
    }
  }

  visit(root, []);
  return fault ? { fault } : { uses };
}

function isWholeNumber(node: ASTNode): boolean {
  return node.op === "value" && typeof node.args === "bigint";
}
