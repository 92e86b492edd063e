import { randomBytes } from "node:crypto";
import { isObject, type JsonObject } from "./json.ts";
import { messageFrom, readContent } from "./messages.ts";
import { MethodError } from "./method-error.ts";
import type { Message } from "./model.ts";
import type { Problems } from "./problems.ts";
import type { Workspace } from "./workspace.ts";

const RESPONSE_URL_USES = 5;
export const RESPONSE_URL_LIFETIME_MS = 30 * 60_000;

/** Where an answer goes and which message it may replace. */
export interface ResponseTarget {
  readonly channelId: string;
  readonly userId: string;
  readonly threadTs?: string | undefined;
  /** The message whose button was pressed; a command has none. */
  readonly original?: Message | undefined;
}

export interface ResponseUrls {
  readonly issue: (target: ResponseTarget) => string;
  /** Carries out one POST to the URL with this key; the answer is HTTP status and body. */
  readonly use: (
    key: string,
    body: unknown,
  ) => { readonly status: number; readonly body: string | JsonObject };
}

/** Hands out response_urls (5 uses in 30 minutes) under `baseUrl` and carries out what is posted to them. */
export function createResponseUrls(
  workspace: Workspace,
  problems: Problems,
  baseUrl: () => string,
): ResponseUrls {
  const issued = new Map<string, { readonly target: ResponseTarget; readonly at: number; uses: number }>();
  return {
    issue: (target) => {
      const key = randomBytes(12).toString("hex");
      issued.set(key, { target, at: workspace.now(), uses: 0 });
      return `${baseUrl()}response/${workspace.team.id}/${key}`;
    },
    use: (key, body) => {
      const entry = issued.get(key);
      if (entry === undefined) return { status: 404, body: { ok: false, error: "invalid_url" } };
      if (workspace.now() - entry.at > RESPONSE_URL_LIFETIME_MS) {
        problems.refused("response_url", "expired_url: used more than 30 minutes after the interaction");
        return { status: 404, body: { ok: false, error: "expired_url" } };
      }
      if (entry.uses >= RESPONSE_URL_USES) {
        problems.refused("response_url", "used_url: used more than 5 times");
        return { status: 404, body: { ok: false, error: "used_url" } };
      }
      entry.uses += 1;
      try {
        respond(workspace, entry.target, isObject(body) ? body : {});
        return { status: 200, body: "ok" };
      } catch (error) {
        if (!(error instanceof MethodError)) throw error;
        problems.refused("response_url", `${error.code} ${JSON.stringify(error.details)}`);
        return { status: 400, body: { ok: false, error: error.code, ...error.details } };
      }
    },
  };
}

/** Posts, replaces or deletes as an answer to a command or click asks; throws MethodError for what Slack refuses. */
export function respond(workspace: Workspace, target: ResponseTarget, body: JsonObject): void {
  const original =
    target.original === undefined
      ? undefined
      : workspace.message(target.original.channelId, target.original.ts);
  if (isTrue(body.delete_original)) {
    if (original !== undefined) workspace.putMessage({ ...original, deleted: true });
    return;
  }
  const { warnings: _, ...content } = readContent(body);
  if (isTrue(body.replace_original) && original !== undefined) {
    workspace.putMessage({ ...original, ...content, editedTs: workspace.nextTs(), inputs: {} });
    return;
  }
  const threadTs = typeof body.thread_ts === "string" ? body.thread_ts : undefined;
  const where = { channelId: target.channelId, threadTs: threadTs ?? target.threadTs };
  const author = { userId: workspace.app.botUserId };
  const visible = body.response_type === "in_channel" ? author : { ...author, visibleTo: target.userId };
  workspace.putMessage(messageFrom(workspace, where, content, visible));
}

// Slack's own examples send these flags as strings too.
function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}
