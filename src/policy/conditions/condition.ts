import { ParseError, TypeError, type ASTNode } from "@marcbachmann/cel-js";
import { comparisonsIn, type Comparisons } from "./comparisons.ts";
import { exceedsUsual, mostSteps, stepsOf, usualSizes, type ListSizes } from "./cost.ts";
import { createEnvironment, variablesOf, type ConditionFacts, type Use } from "./facts.ts";
import { typeName, wordCelFault, wordFailure } from "./faults.ts";
import { registeredName } from "./functions.ts";
import { survey, type ConditionFault } from "./survey.ts";
import { callOf, childrenOf } from "./syntax.ts";

/** The result; or, on one line, why there is none, which is not the same as `false`. */
export type ConditionResult = { readonly holds: boolean } | { readonly failed: string };

/** A rule's compiled `when:`, which can be evaluated any number of times. */
export type Condition = {
  readonly text: string;
  readonly uses: ReadonlySet<Use>;
  readonly comparisons: Comparisons;
  /** The sides of the outermost `&&`, all of which have to hold. */
  parts(): readonly Condition[];
  evaluate(facts: ConditionFacts): ConditionResult;
};

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string; readonly offset: number };

const longestCondition = 2000;

const environment = createEnvironment();

/**
 * Compiles CEL (https://cel.dev), or says what is wrong with it and where. Names, fields and types are checked here, and that it
 * cannot take long; evaluation can then fail only on numbers, such as a division by zero.
 */
export function compileCondition(text: string): CompiledCondition {
  if (text.length > longestCondition)
    return refused({ message: `expected at most ${longestCondition} characters, got more`, offset: 0 });
  try {
    const program = environment.parse(text);
    const surveyed = survey(program.ast);
    if ("fault" in surveyed) return refused(surveyed.fault);
    const { uses } = surveyed;
    if (stepsOf(program.ast, usualSizes) > mostSteps) return refused({ message: tooManySteps, offset: 0 });

    const comparisons = comparisonsIn(program.ast);
    const sides = sidesOf(program.ast).map(({ input, start, end }) => input.slice(start, end));
    bindFunctions(program.ast);
    const { type = "", error } = program.check();
    if (error) throw error;
    if (type !== "bool")
      return refused({ message: `expected true or false, got ${typeName(type)}`, offset: 0 });

    const evaluate = (facts: ConditionFacts): ConditionResult => {
      const sizes = sizesOf(facts);
      if (exceedsUsual(sizes) && stepsOf(program.ast, sizes) > mostSteps) return { failed: tooManySteps };
      try {
        const holds: unknown = program(variablesOf(facts, uses));
        return typeof holds === "boolean" ? { holds } : { failed: "it is neither true nor false" };
      } catch (failure) {
        return { failed: wordFailure(failure) };
      }
    };
    return { ok: true, condition: { text, uses, comparisons, parts: partsOf(sides), evaluate } };
  } catch (error) {
    if (error instanceof ParseError || error instanceof TypeError) return refused(wordCelFault(error, text));
    throw error;
  }
}

/** The sides of the outermost `&&`, in the order of the text; empty if there is no `&&`. */
function sidesOf(node: ASTNode): readonly ASTNode[] {
  return node.op === "&&" ? node.args.flatMap((side) => (side.op === "&&" ? sidesOf(side) : [side])) : [];
}

/** Compiled on first use: only a refusal needs them. */
function partsOf(texts: readonly string[]): () => readonly Condition[] {
  let parts: readonly Condition[] | undefined;
  return () => {
    parts ??= texts.flatMap((text) => {
      const compiled = compileCondition(text);
      return compiled.ok ? [compiled.condition] : [];
    });
    return parts;
  };
}

const tooManySteps =
  "expected a condition that is quickly decided, got one that goes through long lists inside long lists";

function refused(fault: ConditionFault): CompiledCondition {
  return { ok: false, ...fault };
}

function sizesOf({ requester, history }: ConditionFacts): ListSizes {
  return {
    groups: requester.groups.length,
    grants: history.grants.length,
    denials: history.denials.length,
  };
}

/** Renames each call to the environment's function for it, before the type check binds calls. */
function bindFunctions(node: ASTNode): void {
  if (node.op === "call" || node.op === "rcall")
    node.args[0] = registeredName(node.args[0], callOf(node).values.length);
  for (const child of childrenOf(node)) bindFunctions(child);
}
