import { quoted } from "../../domain/text.ts";
import { compileCondition, type Condition } from "./condition.ts";
import type { PolicyFault } from "../language/fault.ts";
import { compilePattern, type Pattern } from "../../pattern.ts";
import { child, faultAt, itemsOf, placeWithin, textOf, type SourceNode } from "../language/source.ts";

/** The compiled conditions and patterns of a policy; each text is compiled once. */
export type Compiled = {
  /** Throws for a text that was not compiled. */
  readonly condition: (text: string) => Condition;
  /** `undefined` if the text has a fault. */
  readonly find: (text: string) => Condition | undefined;
  readonly pattern: (text: string) => Pattern;
};

/** Compiles every `when` and `matches` of a policy; what does not compile is a fault at its place. */
export function compileRules(root: SourceNode): {
  readonly compiled: Compiled;
  readonly faults: readonly PolicyFault[];
} {
  const conditions = new Map<string, Condition>();
  const patterns = new Map<string, Pattern>();
  const faults: PolicyFault[] = [];
  for (const rule of itemsOf(child(root, "rules"))) {
    const when = child(rule, "when");
    const text = textOf(when);
    if (when && text !== undefined && !conditions.has(text)) {
      const result = compileCondition(text);
      if (result.ok) conditions.set(text, result.condition);
      else faults.push(faultAt(placeWithin(when, result.offset), result.message));
    }
    for (const field of ["reason", "ticket"]) {
      const node = child(child(child(rule, "requires"), field), "matches");
      const pattern = textOf(node);
      if (!node || pattern === undefined || patterns.has(pattern)) continue;
      const result = compilePattern(pattern);
      if (result.ok) patterns.set(pattern, result.pattern);
      else faults.push(faultAt(node.at, result.why));
    }
  }
  return {
    compiled: {
      condition: known(conditions),
      find: (text) => conditions.get(text),
      pattern: known(patterns),
    },
    faults,
  };
}

function known<Value>(values: ReadonlyMap<string, Value>): (text: string) => Value {
  return (text) => {
    const value = values.get(text);
    if (value === undefined) throw new Error(`${quoted(text)} was not compiled`);
    return value;
  };
}
