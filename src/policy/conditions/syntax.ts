import type { ASTNode } from "@marcbachmann/cel-js";

export type Call = ASTNode & { readonly op: "call" | "rcall" };

/** Reads a call of either form; a method's receiver is the part before the dot. */
export function callOf(node: Call): {
  readonly name: string;
  readonly receiver?: ASTNode;
  readonly values: readonly ASTNode[];
} {
  return node.op === "call"
    ? { name: node.args[0], values: node.args[1] }
    : { name: node.args[0], receiver: node.args[1], values: node.args[2] };
}

/** The children of a node, in the order of the text. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    case "list":
    case "[]":
    case "[?]":
    case "?:":
    case "||":
    case "&&":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return node.args;
  }
}
