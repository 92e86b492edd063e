import { quoted } from "../../domain/text.ts";
import { EvaluationError, type ParseError, type TypeError } from "@marcbachmann/cel-js";
import { fieldsOf } from "./facts.ts";
import { functions, writtenName } from "./functions.ts";
import type { ConditionFault } from "./survey.ts";
import { wordUnknown } from "../language/nearest.ts";
import { listed } from "../language/source.ts";

/** Describes a fault that the library found in a condition, at its offset in the text. */
export function wordCelFault(error: ParseError | TypeError, text: string): ConditionFault {
  const offset = Math.min(error.range?.start ?? 0, text.length);
  return { message: wordMessage(error, text), offset };
}

function wordMessage(error: ParseError | TypeError, text: string): string {
  const { code, range, summary } = error;
  const written = text.slice(range?.start ?? 0, range?.end ?? 0);
  const got = written === "" ? "the end" : quoted(written);
  const types = typesIn(summary);
  switch (code) {
    case "unexpected_token":
      return `expected a value, got ${got}`;
    case "expected_token":
      return `expected ${tokens[/^Expected (\w+)/u.exec(summary)?.[1] ?? ""] ?? "something else"}, got ${got}`;
    case "unexpected_character":
      return `expected an operator or the end, got ${got}${operatorHint(written)}`;
    case "unterminated_string":
    case "unterminated_triple_quoted_string":
      return "expected a closing quote, got the end";
    case "newline_in_string":
      return "expected a closing quote, got a line break";
    case "invalid_escape_sequence":
      return `expected an escape such as \\n, got ${written.replace(/\p{C}/gu, "�")}; in r"..." a backslash stands for itself`;
    case "reserved_identifier":
      return `expected a name, got ${got}, which CEL reserves`;
    case "limit_exceeded":
      return "expected a simpler condition, got one with too many parts or too deeply nested";
    case "invalid_macro_argument":
      return `expected a name for what is in the list, got ${got}`;
    case "no_such_key": {
      const field = /^No such key: (.*)$/su.exec(summary)?.[1] ?? "";
      return wordUnknown("field", field, fieldsOf(nameBefore(text, range?.start ?? 0)), "Known here");
    }
    case "no_matching_overload": {
      const [, receiver = "", name = "", args = ""] = /'(?:(.+)\.)?(\w+)\((.*)\)'$/su.exec(summary) ?? [];
      const form = `${receiver && `${typeName(receiver)}.`}${writtenName(name)}(${typeName(args)})`;
      return `expected ${listed(functions[writtenName(name)] ?? [], "or")}, got ${form}`;
    }
    case "no_such_overload":
      return wordOperator(summary);
    case "invalid_logical_operand":
      return `expected bool on both sides of && and ||, got ${listed(types)}`;
    case "invalid_condition_type":
      return `expected bool, got ${listed(types)}`;
    case "incompatible_ternary_branches":
      return `expected the same type on both sides of the colon, got ${listed(types)}`;
    case "heterogeneous_list_element":
      return `expected a list of one type, got ${listed(types)}`;
    case "invalid_comprehension_range":
      return `expected a list, got ${listed(types)}`;
    case "cannot_index_type":
    case "invalid_index_type":
      return `expected a value that has ${written.endsWith("]") ? "items" : "fields"}, got ${types[0] ?? "another"}`;
    default:
      return `expected valid CEL, got an error: ${summary.replace(/\n.*$/su, "")}`;
  }
}

const tokens: Readonly<Record<string, string>> = {
  RPAREN: "a closing )",
  RBRACKET: "a closing ]",
  RBRACE: "a closing }",
  COLON: "a :",
  IDENTIFIER: "a name",
};

const operators: Readonly<Record<string, string>> = {
  "=": "==",
  "&": "&&",
  "|": "||",
  and: "&&",
  or: "||",
  not: "!",
};

function operatorHint(written: string): string {
  const operator = Object.hasOwn(operators, written) ? operators[written] : undefined;
  return operator ? `, did you mean ${operator}?` : "";
}

/** Rewords a library message such as `no such overload: duration > int`, or `-string`. */
function wordOperator(summary: string): string {
  const [, left = "", operator = "", right = ""] =
    /: (.+) (==|!=|<=|>=|[-+*/%<>]|in) (.+)$/su.exec(summary) ?? /: ()([-!])(.+)$/su.exec(summary) ?? [];
  if (left === "") return `expected a value that ${operator} takes, got ${typeName(right)}`;
  const types = [typeName(left), typeName(right)];
  return `expected values that ${operator} takes together, got ${listed(types)}${literalHint(types)}`;
}

function literalHint(types: readonly string[]): string {
  if (types.includes("duration") && types.includes("int")) return '; a duration is written duration("4h")';
  if (types.includes("timestamp") && types.includes("string"))
    return '; a time is written timestamp("2026-03-29T01:00:00Z")';
  return "";
}

function typesIn(summary: string): readonly string[] {
  return [...summary.matchAll(/'([^']+)'/gu)].map(([, name = ""]) => typeName(name));
}

/** Turns the library's name of a type into the one that authors write. */
export function typeName(name: string): string {
  return name.replace(/google\.protobuf\.(\w+)|\b[A-Z]\w+/gu, (record, known: string | undefined) =>
    (known ?? record).toLowerCase(),
  );
}

/** The name before the dot of a field; fields of calls and items are not looked up. */
function nameBefore(text: string, offset: number): string {
  return /(\w*)\s*\.\s*$/u.exec(text.slice(0, offset))?.[1] ?? "";
}

/** Says on one line why a condition could not be evaluated. */
export function wordFailure(error: unknown): string {
  const message =
    error instanceof EvaluationError ? error.summary : error instanceof Error ? error.message : "";
  return message.replace(/^No such key: /u, "").replace(/\s*\n.*$/su, "") || "it cannot be evaluated";
}
