import { z } from "zod";
import { outgoingFetch, outgoingPost, type PostAnswer } from "../../network/outgoing.ts";
import { defaultWaitSeconds, UnreadableAnswer } from "./errors.ts";

/** A fetch function that `WebClient` accepts. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Notified of the outcome of each call. */
export type CallObserver = {
  /** Slack answered: `refusal` is its error, or `undefined` on success. */
  readonly answered: (method: string, refusal: Refusal | undefined) => void;
  /** There was no answer, or an unreadable one. */
  readonly failed: (error: unknown) => void;
};

export type Refusal = {
  readonly error: string;
  readonly needed?: unknown;
  readonly response_metadata?: unknown;
};

/** Several times the size of a page of a thousand accounts. */
const maxAnswerBytes = 32 * 1024 * 1024;
/** Timeout where the SDK sets none. */
const answerMs = 10_000;
/** Bounds for Slack's Retry-After: an hour, sent by mistake or by something in between, would silence a channel. */
const waitSeconds = { least: 1, most: 120 };
/** The shape of an error code; Slack's use only these characters. */
const code = /^[a-z0-9_]{1,80}$/u;
const maxCursorCharacters = 10_000;
const maxMessages = 5;
const maxMessageCharacters = 300;

/**
 * Calls Slack and passes on only answers of Slack's own: JSON with `ok`, and for a refusal its error code and the few
 * fields that help to fix it. Anything else throws an `UnreadableAnswer` without the content: the SDK would take a
 * whole HTML page for an error code, and it would end up in logs and in front of people.
 */
export function readingAnswers(apiUrl: string, observer?: CallObserver): Fetch {
  return async (url, init = {}) => {
    const { body } = init;
    const address = String(url);
    // A response_url does not answer with JSON.
    if (!address.startsWith(apiUrl) || typeof body !== "string") return respond(address, init);
    const headers = Object.fromEntries(new Headers(init.headers));
    try {
      const answer = await outgoingPost(address, { headers, body, signal: init.signal ?? undefined });
      const { statusCode: status } = answer;
      if (status !== 200) await answer.body.dump();
      if (status === 429) return tooMany(answer.headers["retry-after"]);
      if (status !== 200) throw new UnreadableAnswer(status);
      const text = await readText(answer);
      const read = parseAnswer(text);
      if (read === undefined)
        throw new UnreadableAnswer(status, `and ${text.length} characters that are no answer`);
      const refusal = "refusal" in read ? read.refusal : undefined;
      observer?.answered(address.slice(apiUrl.length), refusal);
      if (refusal) return new Response(JSON.stringify(bounded(refusal)));
      return new Response("rest" in read ? JSON.stringify(read.rest) : text);
    } catch (error) {
      observer?.failed(error);
      throw error;
    }
  };
}

/** Posts an answer to an interaction; only the status of what comes back matters. */
async function respond(address: string, init: RequestInit): Promise<Response> {
  const signal = init.signal ?? AbortSignal.timeout(answerMs);
  // Follow no redirect: the content is meant for this address only.
  const response = await outgoingFetch(address, { ...init, signal, redirect: "error" });
  const { status } = response;
  await response.body?.cancel();
  if (status === 200) return new Response(null, { status });
  if (status === 429) return tooMany(response.headers.get("retry-after") ?? undefined);
  throw new UnreadableAnswer(status);
}

/** A 429 with a bounded Retry-After, because the SDK needs a number of seconds. */
function tooMany(retryAfter: string | readonly string[] | undefined): Response {
  const asked = Number.parseInt(String(retryAfter), 10);
  const seconds = Number.isNaN(asked)
    ? defaultWaitSeconds
    : Math.min(waitSeconds.most, Math.max(waitSeconds.least, asked));
  return new Response(null, { status: 429, headers: { "retry-after": String(seconds) } });
}

async function readText({ statusCode, body }: PostAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxAnswerBytes)
      throw new UnreadableAnswer(statusCode, `and more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `rest`: a successful answer whose metadata is reduced to the cursor; the SDK would log its warnings, a line each. */
type Read = { readonly isDone: true } | { readonly rest: object } | { readonly refusal: Refusal };

function parseAnswer(text: string): Read | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || !("ok" in json)) return undefined;
  if (json.ok === true) {
    if (!("response_metadata" in json)) return { isDone: true };
    const cursor = Cursor.safeParse(json.response_metadata);
    return { rest: { ...json, response_metadata: cursor.data ?? {} } };
  }
  if (json.ok !== false || !("error" in json) || !isCode(json.error)) return undefined;
  return { refusal: { ...json, error: json.error } };
}

const Cursor = z.object({ next_cursor: z.string().max(maxCursorCharacters) });

function isCode(value: unknown): value is string {
  return typeof value === "string" && code.test(value);
}

/** The useful fields of a refusal, cut to size. */
function bounded({ error, needed, response_metadata: metadata }: Refusal): object {
  const messages: unknown =
    typeof metadata === "object" && metadata !== null && "messages" in metadata
      ? metadata.messages
      : undefined;
  return {
    ok: false,
    error,
    ...(typeof needed === "string" && { needed: needed.slice(0, maxMessageCharacters) }),
    ...(Array.isArray(messages) && {
      response_metadata: {
        messages: messages
          .filter((each) => typeof each === "string")
          .slice(0, maxMessages)
          .map((each) => each.slice(0, maxMessageCharacters)),
      },
    }),
  };
}
