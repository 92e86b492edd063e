import { textOf, type JsonObject } from "../json.ts";
import { MethodError } from "../method-error.ts";
import type { Problems } from "../problems.ts";
import type { Triggers } from "../triggers.ts";
import type { Views } from "../views.ts";
import type { Workspace } from "../workspace.ts";

/** What the methods work on. */
export interface MethodDeps {
  readonly workspace: Workspace;
  readonly views: Views;
  readonly triggers: Triggers;
  readonly problems: Problems;
  readonly scopes: readonly string[];
  /** Base of everything the simulator serves, with a trailing slash. */
  readonly baseUrl: () => string;
  /** The most that a page of a list holds, whatever was asked for. */
  readonly pageLimit: () => number;
  /** The address of a new Socket Mode connection. */
  readonly socketUrl: () => string;
}

/** One Web API method: who may call it, with what, and what it does. */
export interface Method {
  readonly token?: "bot" | "app" | "none";
  /** Any one of these is enough. */
  readonly scopes?: readonly string[];
  readonly required?: readonly string[];
  readonly run: (args: JsonObject) => JsonObject;
}

export type Methods = Readonly<Record<string, Method>>;

/** Cuts one page, of `most` at most, out of a list the way Slack's cursors do; `invalid_cursor` for one Slack never gave out. */
export function page<T>(
  items: readonly T[],
  args: JsonObject,
  defaultLimit: number,
  most = Infinity,
): { readonly items: readonly T[]; readonly response_metadata: { readonly next_cursor: string } } {
  const limit = args.limit === undefined ? defaultLimit : Number(args.limit);
  if (!Number.isInteger(limit) || limit < 0 || limit > 1000) throw new MethodError("invalid_limit");
  const size = Math.min(limit === 0 ? items.length : limit, most);
  const start = startOf(args.cursor);
  const end = start + size;
  const next = end < items.length ? Buffer.from(`next:${end}`).toString("base64") : "";
  return { items: items.slice(start, end), response_metadata: { next_cursor: next } };
}

/** True for the ways a form or JSON body spells true. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true" || value === "1" || value === 1;
}

function startOf(cursor: unknown): number {
  if (cursor === undefined || cursor === null || cursor === "") return 0;
  const match = /^next:(\d+)$/.exec(Buffer.from(textOf(cursor), "base64").toString());
  if (match === null) throw new MethodError("invalid_cursor");
  return Number(match[1]);
}
