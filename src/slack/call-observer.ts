import { z } from "zod";
import { outgoingFetch, outgoingPost, type PostAnswer } from "../network/outgoing.ts";
import { defaultWaitSeconds, UnreadableAnswer } from "./slack-errors.ts";

/** A fetch that a `WebClient` takes. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Hears what becomes of each call. */
export type CallObserver = {
  /** It was answered: that it is done, or by which name Slack refused. */
  readonly answered: (method: string, refusal: Refusal | undefined) => void;
  /** There was no answer, or none that can be read. */
  readonly failed: (error: unknown) => void;
};

export type Refusal = {
  readonly error: string;
  readonly needed?: unknown;
  readonly response_metadata?: unknown;
};

/** As much as a page of a thousand accounts may have, several times over. */
const maxAnswerBytes = 32 * 1024 * 1024;
/** Where the SDK sets no limit. */
const answerMs = 10_000;
/** How long Slack may ask to be left alone: an hour, said by mistake or by somebody in between, would silence a channel. */
const waitSeconds = { least: 1, most: 120 };
/** What looks like the name of an error; Slack's are of these letters. */
const code = /^[a-z0-9_]{1,80}$/u;
const maxCursorCharacters = 10_000;
const maxMessages = 5;
const maxMessageCharacters = 300;

/**
 * Calls Slack, and lets pass only what is an answer of its own: JSON that says whether it is `ok`, and of a refusal its name
 * and the few things that help to mend it, no more. Everything else is an `UnreadableAnswer`, without what stands in it: the SDK
 * takes a whole page of HTML for the name of an error, and that ended up in logs and in front of people.
 */
export function readingAnswers(apiUrl: string, observer?: CallObserver): Fetch {
  return async (url, init = {}) => {
    const { body } = init;
    const address = String(url);
    // What comes back from a response_url is no JSON.
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

/** An answer to an interaction; of what comes back only the status counts. */
async function respond(address: string, init: RequestInit): Promise<Response> {
  const signal = init.signal ?? AbortSignal.timeout(answerMs);
  // What is for one address is told to no other.
  const response = await outgoingFetch(address, { ...init, signal, redirect: "error" });
  const { status } = response;
  await response.body?.cancel();
  if (status === 200) return new Response(null, { status });
  if (status === 429) return tooMany(response.headers.get("retry-after") ?? undefined);
  throw new UnreadableAnswer(status);
}

/** The SDK needs a number of seconds to wait. */
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

/** `rest`: what is done, without what the SDK would only write into the log, as often as there are words in it. */
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

/** What a refusal says that is of use. */
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
