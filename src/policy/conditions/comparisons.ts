import type { ASTNode } from "@marcbachmann/cel-js";
import { callOf, childrenOf } from "./syntax.ts";

/** What a text names, if a policy knows all such names; `past`: names in the history, which may come from an earlier policy. */
export type Kind =
  "risk" | "source" | "resource" | "role" | "group" | "email" | "past resource" | "past role" | "past rule";

/** A quoted text that a condition compares with a value that has few possibilities; `offset` in the condition's text. */
export type NamedValue = { readonly of: Kind; readonly text: string; readonly offset: number };

/** A number in a comparison that has the same result at every moment. */
export type IdleNumber = { readonly message: string; readonly offset: number };

/** A time zone that a condition names. */
export type NamedZone = { readonly zone: string; readonly offset: number };

export type Comparisons = {
  readonly names: readonly NamedValue[];
  readonly numbers: readonly IdleNumber[];
  readonly zones: readonly NamedZone[];
};

type Element = "group" | "grant" | "denial";
/** What the variables that loop over lists stand for. */
type Scope = ReadonlyMap<string, Element | undefined>;

const fields: Readonly<Record<string, Kind>> = {
  "resource.name": "resource",
  "resource.risk": "risk",
  "request.resource": "resource",
  "request.role": "role",
  "request.source": "source",
  "requester.email": "email",
};

const pastFields: Readonly<Record<string, Kind>> = {
  resource: "past resource",
  role: "past role",
  rule: "past rule",
};

type Range = readonly [least: number, most: number, words: string];

/**
 * The ranges of the parts of a moment; CEL counts some of them from 0.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md
 */
const ranges: Readonly<Record<string, Range>> = {
  getFullYear: [1970, 9999, "a year of four digits"],
  getMonth: [0, 11, "0 (January) to 11 (December)"],
  getDate: [1, 31, "1 to 31"],
  getDayOfMonth: [0, 30, "0 to 30 (getDate counts from 1)"],
  getDayOfWeek: [0, 6, "0 (Sunday) to 6 (Saturday)"],
  getDayOfYear: [0, 365, "0 to 365"],
  getHours: [0, 23, "0 to 23"],
  getMinutes: [0, 59, "0 to 59"],
  getSeconds: [0, 59, "0 to 59"],
};

/** Finds what a condition compares with literal texts and numbers; `survey` must have accepted the condition. */
export function comparisonsIn(root: ASTNode): Comparisons {
  const names: NamedValue[] = [];
  const numbers: IdleNumber[] = [];
  const zones: NamedZone[] = [];

  function visit(node: ASTNode, scope: Scope): void {
    if (node.op === "rcall") {
      const { name, receiver, values } = callOf(node);
      const [first, condition] = values;
      const element = receiver && elementOf(receiver);
      if (receiver) visit(receiver, scope);
      if (first?.op === "id" && condition) {
        visit(condition, new Map([...scope, [first.args, element]]));
        return;
      }
      const text = first && textIn(first);
      if (text === undefined) visitAll(values, scope);
      else if (Object.hasOwn(ranges, name)) zones.push({ zone: text, offset: first?.pos ?? 0 });
      else if (name === "endsWith" || name === "startsWith" || name === "contains")
        addEmail(receiver, first, scope);
      return;
    }
    if (node.op === "==" || node.op === "!=") {
      const [left, right] = node.args;
      compare(left, right, scope);
      compare(right, left, scope);
    } else if (node.op === "in") {
      const [value, list] = node.args;
      for (const each of list.op === "list" ? list.args : []) compare(value, each, scope);
      if (elementOf(list) === "group") add("group", value);
    }
    if (isOrder(node.op)) visitOrder(node);
    visitAll(childrenOf(node), scope);
  }

  function visitAll(nodes: readonly ASTNode[], scope: Scope): void {
    for (const node of nodes) visit(node, scope);
  }

  function compare(value: ASTNode, literal: ASTNode, scope: Scope): void {
    if (literal.op === "list") {
      if (elementOf(value) === "group") for (const each of literal.args) add("group", each);
      return;
    }
    const kind = kindOf(value, scope);
    if (kind) add(kind, literal);
    addNumber(
      value,
      literal,
      ([least, most]) =>
        (number) =>
          number < least || number > most,
    );
  }

  function visitOrder(node: ASTNode): void {
    const [left, right] = childrenOf(node);
    if (!left || !right) return;
    const isIdle = idleOrders[node.op];
    const flipped = idleOrders[flips[node.op] ?? ""];
    if (isIdle) addNumber(left, right, isIdle);
    if (flipped) addNumber(right, left, flipped);
  }

  function addNumber(value: ASTNode, literal: ASTNode, isIdle: IsIdle): void {
    const name = partIn(value);
    const range = name === undefined ? undefined : ranges[name];
    const number = numberIn(literal);
    if (range === undefined || number === undefined || !isIdle(range)(number)) return;
    numbers.push({ message: `expected ${range[2]} beside ${name}, got ${number}`, offset: literal.pos });
  }

  function add(of: Kind, literal: ASTNode): void {
    const text = textIn(literal);
    if (text !== undefined) names.push({ of, text, offset: literal.pos });
  }

  /** A part of an address is in lower case too. */
  function addEmail(value: ASTNode | undefined, literal: ASTNode | undefined, scope: Scope): void {
    if (value && literal && kindOf(value, scope) === "email") add("email", literal);
  }

  visit(root, new Map());
  return { names, numbers, zones };
}

type IsIdle = (range: Range) => (number: number) => boolean;

/** Whether a number to the right of a part of a moment can't be meant; `< 24` may be, though it always holds. */
const idleOrders: Readonly<Record<string, IsIdle>> = {
  "<":
    ([least, most]) =>
    (number) =>
      number <= least || number > most + 1,
  ">":
    ([least, most]) =>
    (number) =>
      number >= most || number < least - 1,
  "<=":
    ([least, most]) =>
    (number) =>
      number < least || number > most,
  ">=":
    ([least, most]) =>
    (number) =>
      number > most || number < least,
};

const flips: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

function isOrder(op: string): boolean {
  return Object.hasOwn(idleOrders, op);
}

function kindOf(node: ASTNode, scope: Scope): Kind | undefined {
  if (node.op === "id") return scope.get(node.args) === "group" ? "group" : undefined;
  if (node.op !== ".") return undefined;
  const [record, field] = node.args;
  if (record.op !== "id") return undefined;
  const element = scope.get(record.args);
  if (element === "grant" || element === "denial") return pastFields[field];
  return scope.has(record.args) ? undefined : fields[`${record.args}.${field}`];
}

/** The kind of the elements of a list. */
function elementOf(list: ASTNode): Element | undefined {
  if (list.op === "." && list.args[0].op === "id") {
    const name = `${list.args[0].args}.${list.args[1]}`;
    if (name === "requester.groups") return "group";
    if (name === "history.grants") return "grant";
    return name === "history.denials" ? "denial" : undefined;
  }
  if (list.op === "+") return elementOf(list.args[0]) ?? elementOf(list.args[1]);
  if (list.op === "?:") return elementOf(list.args[1]) ?? elementOf(list.args[2]);
  if (list.op === "rcall" && callOf(list).name === "filter") return elementOf(list.args[1]);
  return undefined;
}

/** The part of a moment that a call reads; the parts of durations have no upper limit. */
function partIn(node: ASTNode): string | undefined {
  if (node.op !== "rcall") return undefined;
  const { name, receiver, values } = callOf(node);
  const isNow = receiver?.op === "id" && receiver.args === "now";
  const isOfMoment = isNow || values.length === 1 || !["getHours", "getMinutes", "getSeconds"].includes(name);
  return isOfMoment && Object.hasOwn(ranges, name) ? name : undefined;
}

function textIn(node: ASTNode): string | undefined {
  return node.op === "value" && typeof node.args === "string" ? node.args : undefined;
}

function numberIn(node: ASTNode): number | undefined {
  if (node.op === "-_") {
    const number = numberIn(node.args);
    return number === undefined ? undefined : -number;
  }
  return node.op === "value" && typeof node.args === "bigint" ? Number(node.args) : undefined;
}
