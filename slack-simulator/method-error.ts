import type { JsonObject } from "./json.ts";
import { wording, type Violation } from "./limits.ts";

/** A Web API refusal: becomes `{ok: false, error: code, ...details}` with HTTP 200. */
export class MethodError extends Error {
  readonly code: string;
  readonly details: JsonObject;

  constructor(code: string, details: JsonObject = {}) {
    super(code);
    this.name = "MethodError";
    this.code = code;
    this.details = details;
  }
}

/** The refusal Slack gives for broken Block Kit rules: pointer and rule in `response_metadata.messages`. */
export function refusalFor(code: string, violations: readonly Violation[]): MethodError {
  const messages = violations.map(wording);
  return new MethodError(code, { errors: messages, response_metadata: { messages } });
}
