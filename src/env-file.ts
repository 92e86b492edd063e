import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "./error-message.ts";

/**
 * Adds a `.env` file's settings to the environment, where they are not set already; nothing happens without the file.
 * Returns what is wrong with it, as a sentence.
 */
export function loadEnvFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const line = malformedLine(readFileSync(path, "utf8"));
    if (line !== undefined) return `${path}:${line}: expected NAME=value or a # comment, got something else.`;
    process.loadEnvFile(path);
    return undefined;
  } catch (error) {
    return `${path} cannot be read: ${messageOf(error)}.`;
  }
}

/**
 * Finds the first malformed line, counted from 1: Node silently skips lines it can't read, and a setting would only
 * seem to be set.
 */
function malformedLine(text: string): number | undefined {
  const quoted = /^([ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=)[ \t]*(["'`])[^]*?\2/gm;
  const wellFormed = /^\s*(?:$|#|(?:export\s+)?[A-Za-z_][\w.-]*\s*=(?!\s*["'`]))/;
  // A quoted value may span lines; their number is kept.
  const lines = text
    .replaceAll(quoted, (match, name: string) => name + match.replaceAll(/[^\n]/g, ""))
    .split("\n");
  const index = lines.findIndex((line) => !wellFormed.test(line));
  return index === -1 ? undefined : index + 1;
}
