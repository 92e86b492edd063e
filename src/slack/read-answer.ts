import { defaultWaitSeconds, UnreadableAnswer } from "./answers.ts";

/** A fetch that a `WebClient` takes. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** What a method answered: `undefined` that it is done, else by which name Slack refused. */
export type OnAnswer = (method: string, refusal: Refusal | undefined) => void;

type Refusal = { readonly error: string; readonly needed?: unknown; readonly response_metadata?: unknown };

/** As much as a page of a thousand accounts may have, several times over. */
const maxAnswerBytes = 32 * 1024 * 1024;
/** How long Slack may ask to be left alone: an hour, said by mistake or by somebody in between, would silence a channel. */
const waitSeconds = { least: 1, most: 120 };
/** What looks like the name of an error; Slack's are of these letters. */
const code = /^[a-z0-9_]{1,80}$/u;
const maxMessages = 5;
const maxMessageCharacters = 300;

/**
 * Lets pass only what is an answer of Slack's: JSON that says whether it is `ok`, and of a refusal its name and the few
 * things that help to mend it, no more. Everything else is an `UnreadableAnswer`, without what stands in it: the SDK takes
 * a whole page of HTML for the name of an error, and that ended up in logs and in front of people.
 */
export function readingAnswers(apiUrl: string, send: Fetch, onAnswer: OnAnswer = () => undefined): Fetch {
  return async (url, init) => {
    const response = await send(url, init);
    const { status } = response;
    if (status === 429) return tooMany(response);
    if (status !== 200) throw await unreadable(response);
    // Files go elsewhere, and what comes back there is no JSON.
    if (!String(url).startsWith(apiUrl)) return response;
    const text = await readText(response);
    const answer = parseAnswer(text);
    if (answer === undefined)
      throw await unreadable(response, `and ${text.length} characters that are no answer`);
    const refusal = answer === "ok" ? undefined : answer;
    onAnswer(String(url).slice(apiUrl.length), refusal);
    return rebuilt(response, refusal ? JSON.stringify(bounded(refusal)) : text);
  };
}

/** The SDK needs a number of seconds to wait. */
async function tooMany(response: Response): Promise<Response> {
  await response.body?.cancel();
  const asked = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const seconds = Number.isNaN(asked)
    ? defaultWaitSeconds
    : Math.min(waitSeconds.most, Math.max(waitSeconds.least, asked));
  return new Response(null, { status: 429, headers: { "retry-after": String(seconds) } });
}

async function unreadable(response: Response, what?: string): Promise<UnreadableAnswer> {
  if (!response.bodyUsed) await response.body?.cancel();
  return new UnreadableAnswer(response.status, what);
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxAnswerBytes)
      throw new UnreadableAnswer(response.status, `and more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseAnswer(text: string): "ok" | Refusal | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || !("ok" in json)) return undefined;
  if (json.ok === true) return "ok";
  return json.ok === false && "error" in json && isCode(json.error)
    ? { ...json, error: json.error }
    : undefined;
}

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

/** A body is read once. */
function rebuilt({ status, headers }: Response, text: string): Response {
  const kept = new Headers();
  // The SDK says what a token may do by these.
  for (const name of ["x-oauth-scopes", "x-accepted-oauth-scopes"]) {
    const value = headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return new Response(text, { status, headers: kept });
}
