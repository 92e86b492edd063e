import { isNativeError } from "node:util/types";
import { pino } from "pino";
import type { DestinationStream, Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

const describe = (error: unknown): unknown => describeError(error);

/**
 * Creates a logger that writes one JSON object per line to standard output (or `stream`), without anything that could
 * be a secret.
 */
export function createLogger(level: string, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      serializers: { err: describe, error: describe, cause: describe },
      // The whole line, because a secret may be deep in an object, in a message, or in a stack.
      hooks: { streamWrite: redactSecrets },
    },
    stream ?? process.stdout,
  );
}

const deepestCause = 5;

/** An error's own fields; anything else attached to it (a response, a request with its headers) stays out. */
function describeError(error: unknown, depth = 0): unknown {
  if (!isNativeError(error)) return error;
  const { code, errors, cause } = error as NodeJS.ErrnoException & { readonly errors?: unknown };
  const causes = Array.isArray(errors) ? errors : cause === undefined ? [] : [cause];
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    stack: error.stack,
    ...(causes.length > 0 &&
      depth < deepestCause && { causes: causes.map((each) => describeError(each, depth + 1)) }),
  };
}

const secretName = String.raw`[\w-]*(?:password|passwd|pwd|secret|token|authorization|cookie|credential|api_?key|private_?key)s?`;

const redactions: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Slack's tokens, whatever is around them.
  [/\b(xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[\w-]+/g, "$1-***"],
  // Slack's webhooks and response URLs: whoever has one may post.
  [/(hooks\.slack(?:-gov)?\.com\/)[\w/-]+/g, "$1***"],
  [/\b(authorization\s*[:=]\s*)(?:(?:Bearer|Basic)\s+)?[\w.~+/=-]+/gi, "$1***"],
  // Only texts as long as credentials, which the words after "basic" are not.
  [/\b(Bearer|Basic)(\s+)[\w.~+/=-]{20,}/gi, "$1$2***"],
  // `"token":"…"` in JSON, and in JSON inside a JSON string, where quotes are escaped.
  [new RegExp(String.raw`(?<!\\)((\\*")${secretName}\2\s*:\s*)\2(?:\\.|[^"\\])*?\2`, "gi"), "$1$2***$2"],
  // `password=…` in connection strings and URLs.
  [new RegExp(String.raw`(?<![\w-])(${secretName}=)[^\s&;"'\\]+`, "gi"), "$1***"],
  // `scheme://user:password@host`; a port with a path is not a password, and a password may contain unescaped `/`, `?` and `@`.
  [/(:\/\/[^\s/?#@:"']*:)(?!\d{1,5}[/?#])[^\s"'\\]*@/g, "$1***@"],
];

/** Removes from a text what gives access: passwords in URLs, tokens, values under names such as `password`. */
export function redactSecrets(text: string): string {
  return redactions.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text);
}
