import type { Agent, Dispatcher } from "undici";
import { z } from "zod";
import { onOneLine, storable } from "../domain/text.ts";
import { addressFault } from "./http-address.ts";
import type { Provider, ProviderState, Subject } from "./provider.ts";
import { ProviderError } from "./provider.ts";

/** References such as `${TOOL_URL}` are resolved later, and what they stand for is checked then. */
const hasReference = (text: string): boolean => text.includes("${");

/** Where the endpoint is, and the token it knows Hallpass by. */
export type HttpOptions = z.infer<typeof HttpOptions>;
export const HttpOptions = z.strictObject({
  type: z.literal("http"),
  url: z.string().refine((text) => hasReference(text) || addressFault(text) === undefined, {
    error: (issue) => addressFault(String(issue.input)),
  }),
  token: z.string().refine((text) => hasReference(text) || /^[\x21-\x7E]+$/u.test(text), {
    error: "expected a token of visible ASCII characters, without white space or a line break at its end",
  }),
});

/** Whatever the endpoint tells one access from another by. */
export type HttpTarget = z.infer<typeof HttpTarget>;
export const HttpTarget = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
      error: "expected a key of 1 to 63 letters, digits, _, . and -",
    }),
    z.string({ error: "expected a text" }),
  )
  .refine((target) => Object.keys(target).length > 0, { error: "expected at least one KEY: TEXT" })
  .meta({ minProperties: 1 });

const Listing = z.object({
  grants: z.array(
    z.object({
      subject: z.string(),
      target: z.record(z.string(), z.string()),
      lastUsed: z.iso.datetime({ offset: true }).nullish(),
    }),
  ),
});
type Held = z.infer<typeof Listing>["grants"][number];

/** What the endpoint said when it did not simply do it. */
const Complaint = z.object({ error: z.string() });

const callMilliseconds = 9_500;
const connectMilliseconds = 5_000;
const maxAnswerBytes = 4 * 1024 * 1024;
const maxWords = 200;

type Call = {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
};

/**
 * Access held behind an HTTP endpoint that somebody writes for it; docs/http-provider.md says what the endpoint has to do.
 *
 * - What is held is what the endpoint lists, by subject and target: whether its filters work is not relied on.
 * - No redirect is followed: it would take the token elsewhere.
 * - Errors are the endpoint's own words, one short line without the token. No answer, 408, 425, 429 and 5xx are worth another
 *   try; anything else it said will not change by itself.
 */
export function createHttpProvider(
  { url, token }: Pick<HttpOptions, "url" | "token">,
  timeoutMs = callMilliseconds,
): Provider<HttpTarget> & { holders(target: HttpTarget): Promise<readonly Subject[]> } {
  let opened: Promise<Agent> | undefined;

  async function call({ method, path, query, body }: Call): Promise<string> {
    const address = new URL(`${url.replace(/\/+$/u, "")}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) address.searchParams.set(name, value);
    const signal = AbortSignal.timeout(timeoutMs);
    let answer: Dispatcher.ResponseData;
    let text: string;
    try {
      opened ??= openAgent();
      answer = await (
        await opened
      ).request({
        origin: address.origin,
        path: `${address.pathname}${address.search}`,
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
      throw lost(error, address.host, signal);
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
    return new ProviderError(
      `${isPassing ? "the endpoint can't do it now" : what} (${status})${said === "" ? "" : `: ${said}`}`,
      { retryable: isPassing },
    );
  }

  /** One short line that holds no token, whatever it came from. */
  function inert(words: string): string {
    const line = onOneLine(storable(words.replaceAll(token, "***").slice(0, maxWords * 4)));
    return line.length > maxWords ? `${storable(line.slice(0, maxWords))}…` : line;
  }

  async function list(target: HttpTarget, subject?: Subject): Promise<readonly Held[]> {
    const query = { ...(subject !== undefined && { subject }), target: canonical(target) };
    const text = await call({ method: "GET", path: "/grants", query });
    const listing = Listing.safeParse(parseJson(text));
    if (!listing.success) {
      const [issue] = listing.error.issues;
      throw new ProviderError(
        `the endpoint's list of grants is not understood: ${issue?.path.join(".") || "all of it"}: ${issue?.message ?? "unexpected"}`,
        { retryable: false },
      );
    }
    return listing.data.grants.filter(
      (held) =>
        canonical(held.target) === canonical(target) && (subject === undefined || held.subject === subject),
    );
  }

  return {
    targetSchema: HttpTarget,

    async grant(subject, target, until): Promise<ProviderState> {
      await call({ method: "PUT", path: "/grants", body: { subject, target, until: until.toISOString() } });
      return {};
    },

    async revoke(subject, target) {
      await call({ method: "POST", path: "/revocations", body: { subject, target } });
    },

    holds: async (subject, target) => (await list(target, subject)).length > 0,

    async lastUsed(subject, target) {
      const used = (await list(target, subject)).flatMap(({ lastUsed }) =>
        lastUsed == null ? [] : [Date.parse(lastUsed)],
      );
      return used.length === 0 ? undefined : new Date(Math.max(...used));
    },

    holders: async (target) => [...new Set((await list(target)).map(({ subject }) => subject))],

    async check() {
      await call({ method: "GET", path: "" });
    },

    async close() {
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

/** The same for the same target, whatever order its keys are in. */
function canonical(target: Readonly<Record<string, string>>): string {
  const entries = Object.entries(target).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}

/** What an answer says of why: its `error`, or its text. A page made for a browser says nothing here. */
function wordsOf(text: string, contentType: string): string {
  const complaint = Complaint.safeParse(parseJson(text));
  if (complaint.success) return complaint.data.error;
  return /^text\/plain\b/iu.test(contentType) ? text : "";
}

/** `undefined` is what no schema takes; the parser's own words would repeat what came. */
function parseJson(text: string): unknown {
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
