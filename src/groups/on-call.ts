import type { z } from "zod";
import { outgoingFetch } from "../network/outgoing.ts";
import { wordFailure } from "../network/word-failure.ts";
import { createPause } from "./pause.ts";
import { parseJson } from "../parse-json.ts";

/** A service that knows who is on call. */
export type OnCall = {
  /**
   * The e-mail addresses, in lower case, of those on call now by this schedule; may be empty. Throws an error whose
   * message says what an operator has to do; takes 5 s at most.
   */
  onCall(schedule: string): Promise<ReadonlySet<string>>;
};

export type OnCallSettings = {
  readonly token: string;
  /** Ends in `/`. */
  readonly url: string;
  readonly timeoutMs?: number | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now?: (() => number) | undefined;
};

export type OnCallApi = {
  /** The shared deadline of all calls that one answer takes. */
  deadline(): AbortSignal;
  /** Reads one thing; `undefined` if the service knows no such thing (404, or 400: only what we ask for varies). */
  get<T>(
    path: string,
    query: readonly (readonly [string, string])[],
    answer: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T | undefined>;
};

type Service = {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The settings of its token and address, and what to do when it refuses the token. */
  readonly tokenSetting: string;
  readonly urlSetting: string;
  readonly tokenHowTo: string;
  /** The headers that say after how many seconds it may be asked again. */
  readonly waitHeaders: readonly string[];
};

/** Creates the client of an on-call service: bounded in time, follows no redirect, and respects rate limits. */
export function createOnCallApi(
  service: Service,
  { url, timeoutMs = 5_000, now = () => performance.now() }: OnCallSettings,
): OnCallApi {
  const { name, headers, tokenSetting, urlSetting, tokenHowTo } = service;
  // The rate limit is the token's, whichever schedule is read.
  const pause = createPause(name, now);

  async function ask(address: URL, signal: AbortSignal): Promise<Response> {
    try {
      // A redirect would take the token to another host.
      return await outgoingFetch(address, { headers, redirect: "manual", signal });
    } catch (error) {
      throw failure(error, signal);
    }
  }

  async function textOf(response: Response, signal: AbortSignal): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw failure(error, signal);
    }
  }

  function failure(error: unknown, signal: AbortSignal): Error {
    const why = signal.aborted
      ? `has not answered for ${timeoutMs / 1_000} s`
      : // Never in fetch's own words: they may contain what was sent.
        `cannot be reached: ${wordFailure(error) ?? "the connection failed"}`;
    return new Error(`${name} ${why}`, { cause: error });
  }

  /** Why this answer is of no use, if it is not. */
  function refusal({ status, headers: said }: Response): Error | undefined {
    if (status === 200) return undefined;
    if (status === 429) return pause.begin(secondsIn(said, service.waitHeaders));
    if (status === 401 || status === 402 || status === 403)
      return new Error(`${name} does not accept ${tokenSetting} (${status}): ${tokenHowTo}`);
    if (status >= 300 && status < 400)
      return new Error(`${name} sends us elsewhere (${status}), which is not followed: check ${urlSetting}`);
    return new Error(`${name} cannot answer (${status})`);
  }

  return {
    deadline: () => AbortSignal.timeout(timeoutMs),
    async get(path, query, answer, signal) {
      pause.respect();
      const address = new URL(path, url);
      for (const [key, value] of query) address.searchParams.append(key, value);
      const response = await ask(address, signal);
      const isUnknown = response.status === 404 || response.status === 400;
      const why = isUnknown ? undefined : refusal(response);
      if (isUnknown || why) {
        await response.body?.cancel();
        if (why) throw why;
        return undefined;
      }
      const parsed = answer.safeParse(parseJson(await textOf(response, signal)));
      if (parsed.success) return parsed.data;
      throw new Error(`${name} gave an answer that is not understood: ${wordIssue(parsed.error)}`);
    },
  };
}

function wordIssue({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join(".") || "all of it"}: ${issue?.message ?? "unexpected"}`;
}

function secondsIn(headers: Headers, names: readonly string[]): number | undefined {
  const found = names.map((name) => Number(headers.get(name) ?? Number.NaN)).find(Number.isFinite);
  return found === undefined ? undefined : Math.ceil(found);
}
