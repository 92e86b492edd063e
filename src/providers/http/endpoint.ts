import type { Dispatcher } from "undici";
import { z } from "zod";
import { onOneLine, storable } from "../../domain/text.ts";
import { hideSecrets } from "../../mask-password.ts";
import { wordFailure } from "../../network/word-failure.ts";
import { createCaller, type Failure, readError } from "../caller.ts";
import { ProviderError } from "../provider.ts";
import { parseJson } from "../../parse-json.ts";

const connectMs = 5_000;
const maxAnswerBytes = 4 * 1024 * 1024;
const maxWords = 200;

/** The endpoint's answer to a call it did not simply carry out. */
const Complaint = z.object({ error: z.string() });
const Refusal = z.object({ handover: z.object({ text: z.string().min(1) }) });

type Call = {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
};

/** Calls the endpoint once, and returns its answer. */
export type AskEndpoint = (call: Call) => Promise<string>;

export type Endpoint = {
  /** Its address, normalised: the same for every spelling. */
  readonly address: string;
  /** Runs work of one or more calls, which share the time limit of one. */
  during<T>(work: (ask: AskEndpoint) => Promise<T>): Promise<T>;
  /** Turns the endpoint's words into one short line without the token. */
  inert(words: string): string;
  /** Closes its connections once all work is done. */
  close(): Promise<void>;
};

/**
 * Creates the client of an endpoint; each call is limited to 9.5 s.
 *
 * - Follows no redirect: it would take the token elsewhere.
 * - Errors are the endpoint's own words, one short line without the token. No answer, 408, 425, 429 and 5xx are
 *   retryable, after `Retry-After` if given; anything else will not change by itself.
 */
export function createEndpoint(url: string, token: string, milliseconds?: number): Endpoint {
  const root = url.replace(/\/+$/u, "");
  const { host } = new URL(root);
  const caller = createCaller<Dispatcher>({
    open: openDispatcher,
    shut: (dispatcher) => dispatcher.close(),
    secrets: [token],
    classify: (error) => lost(error, host),
    ...(milliseconds !== undefined && { milliseconds }),
  });

  async function ask(
    dispatcher: Dispatcher,
    { method, path, query, body }: Call,
    signal: AbortSignal,
  ): Promise<string> {
    const asked = new URL(`${root}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) asked.searchParams.set(name, value);
    const answer = await dispatcher.request({
      origin: asked.origin,
      path: `${asked.pathname}${asked.search}`,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return text;
    throw refused(answer, text);
  }

  function refused({ statusCode: status, headers }: Dispatcher.ResponseData, text: string): ProviderError {
    if (status < 400)
      return new ProviderError(
        `the endpoint sends us elsewhere (${status}), which is not followed: check the provider's url`,
        { retryable: false },
      );
    const said = inert(wordsOf(text, String(headers["content-type"] ?? "")), handedOverIn(text));
    const what =
      status === 401 ? "the endpoint does not accept the provider's token" : "the endpoint refused";
    const isPassing = status >= 500 || status === 408 || status === 425 || status === 429;
    const retryAfterSeconds = isPassing ? readRetryAfter(headers) : undefined;
    return new ProviderError(
      `${isPassing ? "the endpoint can't do it now" : what} (${status})${said === "" ? "" : `: ${said}`}`,
      { retryable: isPassing, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) },
    );
  }

  /** Made one line first, because what that drops may stand between the parts of a secret. */
  function inert(words: string, secrets: readonly string[] = []): string {
    const line = onOneLine(storable(words.slice(0, maxWords * 100)));
    const safe = hideSecrets(line, [token, ...secrets]);
    return safe.length > maxWords ? `${storable(safe.slice(0, maxWords))}…` : safe;
  }

  return {
    address: new URL(root).href.replace(/\/$/u, ""),
    inert,
    during: (work) => caller.call((dispatcher, signal) => work((call) => ask(dispatcher, call, signal))),
    close: () => caller.close(),
  };
}

/** Classifies a failure of the network. */
function lost(error: unknown, host: string): Failure {
  const why = wordFailure(error);
  // Anything else is a bug of ours.
  if (why === undefined) throw error;
  if (readError(error).code === "UND_ERR_RES_EXCEEDED_MAX_SIZE")
    return {
      message: `the endpoint at ${host} answers with more than ${maxAnswerBytes / 1024 / 1024} MB`,
      retryable: false,
    };
  return {
    message: `the endpoint at ${host} can't be reached: ${onOneLine(storable(why))}`,
    retryable: true,
  };
}

async function openDispatcher(): Promise<Dispatcher> {
  const { createDispatcher } = await import("../../network/outgoing.ts");
  return createDispatcher({ connections: 8, connectMs, maxAnswerBytes });
}

/** Finds what an answer hands over although it refuses, because its words may repeat that. */
function handedOverIn(text: string): readonly string[] {
  const answer = Refusal.safeParse(parseJson(text));
  return answer.success ? [answer.data.handover.text] : [];
}

/** Reads the reason in an answer: its `error`, or its plain text. A page made for a browser gives none. */
function wordsOf(text: string, contentType: string): string {
  const complaint = Complaint.safeParse(parseJson(text));
  if (complaint.success) return complaint.data.error;
  return /^text\/plain\b/iu.test(contentType) ? text : "";
}

/** Maximum wait that a system can ask for, because access may be due to end. */
const longestRetrySeconds = 300;

/**
 * Reads how many seconds an answer asks us to wait, from its `Retry-After` (RFC 9110, 10.2.3): at most 300, `undefined`
 * if it does not say. A date counts from the answer's own `Date`, because the clocks may differ.
 */
function readRetryAfter(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  now = Date.now(),
): number | undefined {
  const written = headers["retry-after"];
  if (typeof written !== "string") return undefined;
  const seconds = /^\d+$/u.test(written.trim())
    ? Number(written)
    : secondsUntil(written, headers["date"], now);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 0), longestRetrySeconds);
}

function secondsUntil(written: string, date: unknown, now: number): number {
  const answered = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return (Date.parse(written) - (Number.isNaN(answered) ? now : answered)) / 1_000;
}
