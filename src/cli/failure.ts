import { redactSecrets } from "../logger.ts";
import { messageOf } from "../error-message.ts";

/** A command can't do what it was asked; the message is all that the person needs. */
export class CommandError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "CommandError";
  }
}

/** Does what fails only with errors whose message is all that the person needs. */
export async function inWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CommandError(messageOf(error), { cause: error });
  }
}

// By name, because importing their classes loads much that most commands don't need.
const known = new Set([
  "CommandError",
  "ListenError",
  "DatabaseRefusedError",
  "EmbeddedPostgresError",
  "MigrationError",
]);

/** An option as it is typed: `--since`. */
export function asOption(name: string): string {
  return `--${name}`;
}

/** Words an error for the terminal: one line, or everything if `details` is set. Ends in a line break. */
export function wordFailure(error: unknown, details: boolean): string {
  if (details)
    return `${redactSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`;
  const message = redactSecrets(error instanceof Error ? error.message || error.name : String(error));
  return error instanceof Error && known.has(error.name)
    ? `${message}\n`
    : `Unexpected: ${oneLine(message)} (LOG_LEVEL=debug shows more)\n`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
