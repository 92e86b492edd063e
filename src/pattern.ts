import { quoted } from "./domain/text.ts";
import { RE2JS, RE2JSSyntaxException } from "re2js";

/** A regular expression in RE2's dialect, which takes time linear in the length of the text. */
export type Pattern = {
  readonly text: string;
  /** Whether it matches anywhere in the value; `^` and `$` tie it to the ends. */
  matches(value: string): boolean;
};

type CompiledPattern =
  { readonly ok: true; readonly pattern: Pattern } | { readonly ok: false; readonly why: string };

const longestPattern = 1000;

/** The time is proportional to this times the length of the value; a ticket's pattern takes 20. */
const maxInstructions = 1000;

/** Compiles a pattern: https://github.com/google/re2/wiki/Syntax */
export function compilePattern(text: string): CompiledPattern {
  if (text.length > longestPattern)
    return { ok: false, why: `expected a pattern of at most ${longestPattern} characters, got a longer one` };
  try {
    const compiled = RE2JS.compile(text);
    if (compiled.programSize() > maxInstructions) return { ok: false, why: tooLarge };
    return { ok: true, pattern: { text, matches: (value) => compiled.test(value) } };
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return { ok: false, why: wordSyntax(text, error.message) };
    throw error;
  }
}

const tooLarge = "expected a simpler pattern, got one that repeats too much";

/** Rewords the library's message: `error parsing regexp: missing closing ]: ...` with the part of the pattern it is about. */
function wordSyntax(text: string, message: string): string {
  const reason = message.replace(/^error parsing regexp: /u, "").replace(/: `.*$/su, "");
  if (reason === "expression too large") return tooLarge;
  const hint = /\(\?<?[=!]/u.test(text) ? "; it looks neither ahead nor behind" : "";
  return `expected a pattern in RE2's syntax, got ${quoted(text)}: ${reason}${hint}`;
}
