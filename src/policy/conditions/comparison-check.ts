import { quoted } from "../../domain/text.ts";
import { RequestSource } from "../../domain/request/request.ts";
import type { Compiled } from "./compile.ts";
import type { Kind, NamedValue } from "./comparisons.ts";
import type { PolicyFault } from "../language/fault.ts";
import { namesIn } from "../language/name-check.ts";
import { wordUnknown } from "../language/nearest.ts";
import { normalEmail } from "../principal.ts";
import {
  child,
  entriesOf,
  faultAt,
  itemsOf,
  placeWithin,
  textOf,
  type SourceNode,
} from "../language/source.ts";
import { type PolicyWarning, warningAt } from "../lint/warning.ts";
import { Risk } from "../language/words.ts";

type Slip = { readonly message: string; readonly offset: number; readonly isCertain: boolean };

/** Finds comparisons in a `deny` that always come out the same: the rule would let through what it should stop. */
export function comparisonFaults(root: SourceNode, compiled: Compiled): readonly PolicyFault[] {
  const known = namesKnown(root);
  return rulesWithConditions(root).flatMap(({ decision, when, text }) =>
    decision === "deny"
      ? slipsIn(text, compiled, known)
          .filter(({ isCertain }) => isCertain)
          .map(({ message, offset }) => faultAt(placeWithin(when, offset), message))
      : [],
  );
}

/** Finds the same in other rules, and comparisons with a name that only an earlier policy may have used. */
export function comparisonWarnings(root: SourceNode, compiled: Compiled): readonly PolicyWarning[] {
  const known = namesKnown(root);
  return rulesWithConditions(root).flatMap(({ decision, when, text }) =>
    slipsIn(text, compiled, known)
      .filter(({ isCertain }) => decision !== "deny" || !isCertain)
      .map(({ message, offset }) => warningAt("idle-comparison", placeWithin(when, offset), message)),
  );
}

type RuleWithCondition = {
  readonly decision: string | undefined;
  readonly when: SourceNode;
  readonly text: string;
};

/** Returns every rule that has a condition. */
export function rulesWithConditions(root: SourceNode): readonly RuleWithCondition[] {
  return itemsOf(child(root, "rules")).flatMap((rule) => {
    const when = child(rule, "when");
    const text = textOf(when);
    return when && text !== undefined ? [{ decision: textOf(child(rule, "decision")), when, text }] : [];
  });
}

type Known = Readonly<Record<Exclude<Kind, "email">, readonly string[]>>;

/** All names that a policy defines, whether or not their entries are faulty. */
function namesKnown(root: SourceNode): Known {
  const resources = namesIn(root, "resources");
  const roles = entriesOf(child(root, "resources")).flatMap(([, node]) =>
    entriesOf(child(node, "roles")).map(([name]) => name),
  );
  const rules = itemsOf(child(root, "rules")).flatMap((rule) => textOf(child(rule, "name")) ?? []);
  const distinct = [...new Set(roles)];
  return {
    risk: Risk.options,
    source: RequestSource.options,
    resource: resources,
    role: distinct,
    group: namesIn(root, "groups"),
    "past resource": resources,
    "past role": distinct,
    "past rule": rules,
  };
}

function slipsIn(text: string, compiled: Compiled, known: Known): readonly Slip[] {
  const condition = compiled.find(text);
  if (!condition) return [];
  const { names, numbers } = condition.comparisons;
  return [
    ...names.flatMap((value) => slipIn(value, known)),
    ...numbers.map((number) => ({ ...number, isCertain: true })),
  ];
}

function slipIn({ of, text, offset }: NamedValue, known: Known): readonly Slip[] {
  if (of === "email") {
    const message = `nothing is ever equal to this: addresses are compared in small letters, got ${quoted(text)}`;
    return text === normalEmail(text) ? [] : [{ message, offset, isCertain: true }];
  }
  if (known[of].includes(text)) return [];
  const isPast = of.startsWith("past ");
  const unknown = wordUnknown(of.replace("past ", ""), text, known[of], "Known here");
  const message = isPast
    ? `only history may have this: ${unknown}`
    : `nothing is ever equal to this: ${unknown}`;
  return [{ message, offset, isCertain: !isPast }];
}
