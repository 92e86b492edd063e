import { isObject, parseJson, textOf, type Json, type JsonObject } from "../json.ts";
import { MethodError } from "../method-error.ts";
import { authMethods } from "./auth.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import type { Method, MethodDeps, Methods } from "./method.ts";
import { reactionMethods } from "./reactions.ts";
import { userMethods } from "./users.ts";
import { viewMethods } from "./views.ts";

export interface Tokens {
  readonly bot: string;
  readonly app: string;
}

export interface Caller {
  readonly method: string;
  readonly args: JsonObject;
  readonly token: string | undefined;
  /** A fault that stands for every call, such as a revoked token. */
  readonly tokenError: string | undefined;
}

/** Answers Web API calls: token, scopes, required arguments, then the method itself. */
export function createWebApi(deps: MethodDeps, tokens: Tokens): (caller: Caller) => JsonObject {
  const methods: Methods = {
    ...authMethods(deps),
    ...chatMethods(deps),
    ...conversationMethods(deps),
    ...fileMethods(deps),
    ...reactionMethods(deps),
    ...userMethods(deps),
    ...viewMethods(deps),
  };

  return (caller) => {
    try {
      const method = Object.hasOwn(methods, caller.method) ? methods[caller.method] : undefined;
      if (method === undefined) throw new MethodError("unknown_method", { req_method: caller.method });
      authorise(method, caller);
      requireArguments(method, caller.args);
      return { ok: true, ...method.run(caller.args) };
    } catch (error) {
      if (!(error instanceof MethodError)) throw error;
      const messages = JSON.stringify(error.details.response_metadata ?? "");
      if (LIMITS.has(error.code)) deps.problems.refused(caller.method, `${error.code} ${messages}`);
      return { ok: false, error: error.code, ...error.details };
    }
  };

  function authorise(method: Method, { token, tokenError }: Caller): void {
    const wanted = method.token ?? "bot";
    if (wanted === "none") return;
    if (token === undefined || token === "") throw new MethodError("not_authed");
    if (token !== tokens.bot && token !== tokens.app) throw new MethodError("invalid_auth");
    if (tokenError !== undefined) throw new MethodError(tokenError);
    if (token !== tokens[wanted]) throw new MethodError("not_allowed_token_type");
    const { scopes } = method;
    if (scopes !== undefined && !scopes.some((scope) => deps.scopes.includes(scope))) {
      throw new MethodError("missing_scope", { needed: scopes.join(","), provided: deps.scopes.join(",") });
    }
  }
}

/** Refusals that mean the app built something Slack will never take. */
const LIMITS: ReadonlySet<string> = new Set([
  "invalid_arguments",
  "invalid_attachments_format",
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_metadata_format",
  "markdown_text_conflict",
  "metadata_too_large",
  "msg_blocks_too_long",
  "msg_too_long",
  "no_text",
  "too_many_attachments",
  "unknown_method",
  "view_too_large",
]);

/** Arguments of a form or JSON body: what Slack documents as a JSON-encoded string is parsed. */
export function readArguments(body: unknown, query: unknown): JsonObject {
  const given: JsonObject = { ...(isObject(query) ? query : {}), ...(isObject(body) ? body : {}) };
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => name !== "token")
      .map(([name, value]) => [name, decoded(name, value)]),
  );
}

const ENCODED: ReadonlySet<string> = new Set(["attachments", "blocks", "files", "metadata", "view"]);

function decoded(name: string, value: Json): Json {
  if (!ENCODED.has(name) || typeof value !== "string") return value;
  // What does not parse stays a string, and the method refuses it as Slack would.
  return parseJson(value) ?? (value === "" ? undefined : value);
}

function requireArguments(method: Method, args: JsonObject): void {
  const missing = (method.required ?? []).filter((name) => {
    const value = args[name];
    return value === undefined || value === null || (typeof value === "string" && textOf(value) === "");
  });
  if (missing.length === 0) return;
  throw new MethodError("invalid_arguments", {
    response_metadata: { messages: missing.map((name) => `[ERROR] missing required field: ${name}`) },
  });
}
