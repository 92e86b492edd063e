import type { Agent, Dispatcher } from "undici";
import { z } from "zod";
import { onOneLine, storable } from "../../domain/text.ts";
import { ProviderError } from "../provider.ts";
import { readRetryAfter } from "../retry-after.ts";

const callMilliseconds = 9_500;
const connectMilliseconds = 5_000;
const maxAnswerBytes = 4 * 1024 * 1024;
const maxWords = 200;

/** What the endpoint said when it did not simply do it. */
const Complaint = z.object({ error: z.string() });

type Call = {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
};

/** Asks the endpoint once, and returns what it answered. */
export type AskEndpoint = (call: Call) => Promise<string>;

export type Endpoint = {
  /** The same for every way to write its address. */
  readonly address: string;
  /** Work of one or more calls, which share the time that one has. */
  during<T>(work: (ask: AskEndpoint) => Promise<T>): Promise<T>;
  /** Words of the endpoint's as one short line that holds no token. */
  inert(words: string): string;
  /** Lets go of its connections once all work is done. */
  close(): Promise<void>;
};

/**
 * The calls to an endpoint.
 *
 * - No redirect is followed: it would take the token elsewhere.
 * - Errors are the endpoint's own words, one short line without the token. No answer, 408, 425, 429 and 5xx are worth another
 *   try, when `Retry-After` says; anything else it said will not change by itself.
 */
export function createEndpoint(url: string, token: string, timeoutMs = callMilliseconds): Endpoint {
  const address = url.replace(/\/+$/u, "");
  const underWay = new Set<Promise<unknown>>();
  let opened: Promise<Agent> | undefined;

  async function ask({ method, path, query, body }: Call, signal: AbortSignal): Promise<string> {
    const asked = new URL(`${address}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) asked.searchParams.set(name, value);
    let answer: Dispatcher.ResponseData;
    let text: string;
    try {
      opened ??= openAgent();
      answer = await (
        await opened
      ).request({
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
      text = await answer.body.text();
    } catch (error) {
      throw lost(error, asked.host, signal);
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return text;
    throw refused(answer, text);
  }

  function lost(error: unknown, host: string, signal: AbortSignal): ProviderError {
    if (property(error, "code") === "UND_ERR_RES_EXCEEDED_MAX_SIZE")
      return new ProviderError(
        `the endpoint at ${host} answers with more than ${maxAnswerBytes / 1024 / 1024} MB`,
        { retryable: false, cause: error },
      );
    const why = signal.aborted
      ? `has not answered within ${timeoutMs / 1_000} s`
      : `can't be reached: ${inert(wordError(error))}`;
    return new ProviderError(`the endpoint at ${host} ${why}`, { retryable: true, cause: error });
  }

  function refused({ statusCode: status, headers }: Dispatcher.ResponseData, text: string): ProviderError {
    if (status < 400)
      return new ProviderError(
        `the endpoint sends us elsewhere (${status}), which is not followed: check the provider's url`,
        { retryable: false },
      );
    const said = inert(wordsOf(text, String(headers["content-type"] ?? "")));
    const what =
      status === 401 ? "the endpoint does not accept the provider's token" : "the endpoint refused";
    const isPassing = status >= 500 || status === 408 || status === 425 || status === 429;
    const retryAfterSeconds = isPassing ? readRetryAfter(headers) : undefined;
    return new ProviderError(
      `${isPassing ? "the endpoint can't do it now" : what} (${status})${said === "" ? "" : `: ${said}`}`,
      { retryable: isPassing, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) },
    );
  }

  function inert(words: string): string {
    const line = onOneLine(storable(words.replaceAll(token, "***").slice(0, maxWords * 4)));
    return line.length > maxWords ? `${storable(line.slice(0, maxWords))}…` : line;
  }

  return {
    address: new URL(address).href.replace(/\/$/u, ""),
    inert,
    during(work) {
      const signal = AbortSignal.timeout(timeoutMs);
      const all = work((call) => ask(call, signal));
      underWay.add(all);
      const forget = (): void => void underWay.delete(all);
      all.then(forget, forget);
      return all;
    },
    async close() {
      await Promise.allSettled(underWay);
      const agent = opened;
      opened = undefined;
      await (await agent)?.close();
    },
  };
}

async function openAgent(): Promise<Agent> {
  const { Agent: HttpAgent } = await import("undici");
  return new HttpAgent({
    connections: 8,
    connect: { timeout: connectMilliseconds },
    maxResponseSize: maxAnswerBytes,
  });
}

/** What an answer says of why: its `error`, or its text. A page made for a browser says nothing here. */
function wordsOf(text: string, contentType: string): string {
  const complaint = Complaint.safeParse(parseJson(text));
  if (complaint.success) return complaint.data.error;
  return /^text\/plain\b/iu.test(contentType) ? text : "";
}

/** `undefined` is what no schema takes; the parser's own words would repeat what came. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordError(error: unknown): string {
  const words = [property(error, "message"), property(error, "code")];
  return words.find((word) => typeof word === "string" && word !== "")?.toString() ?? "the connection failed";
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
