import { type Dispatcher, EnvHttpProxyAgent, fetch, Pool, request } from "undici";
import { type Proxies, type ProxySetting, readProxies } from "../config.ts";
import { ProxyError, wordFailure } from "./word-failure.ts";

export type DispatcherOptions = {
  /** How long each step to a connection may take: to the proxy, through it, to the other side; 4 s by default. */
  readonly connectMs?: number;
  /** Maximum connections to each address; unlimited by default. */
  readonly connections?: number;
  /** Maximum length of an answer; unlimited by default. */
  readonly maxAnswerBytes?: number;
};

/** Shorter than the shortest time a whole call has (5 s, see on-call.ts), so that the error says what does not answer. */
const shortConnectMs = 4_000;

/**
 * Creates a dispatcher for outgoing calls, through the proxies of HTTPS_PROXY and HTTP_PROXY except where NO_PROXY says
 * not to; the caller closes it. Throws a `ProxyError` if a setting names no such proxy. Calls fail with a `ProxyError`,
 * too, when a proxy does not connect.
 *
 * Everything is tunnelled (CONNECT), http:// too: undici's other way keeps none of these limits, and passes on a
 * proxy's refusal as if it were the answer.
 */
export function createDispatcher(options: DispatcherOptions = {}): Dispatcher {
  const { connectMs = shortConnectMs, connections, maxAnswerBytes } = options;
  const proxies = proxiesInForce();
  const connect = { timeout: connectMs };
  return new EnvHttpProxyAgent({
    ...(connections !== undefined && { connections }),
    ...(maxAnswerBytes !== undefined && { maxResponseSize: maxAnswerBytes }),
    connect,
    requestTls: connect,
    clientFactory: (url) => createProxyClient(settingOf(url, proxies), connectMs),
    // Blank rather than absent: otherwise undici reads the environment itself, unchecked.
    httpProxy: proxies.http?.url ?? "",
    httpsProxy: proxies.https?.url ?? "",
    noProxy: proxies.exceptions,
  });
}

let shared: Dispatcher | undefined;

/** `fetch` through the proxies; also for libraries that take a `fetch`. */
export async function outgoingFetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
  shared ??= createDispatcher();
  const given = { ...init, dispatcher: shared };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types are those of another release of undici
  return fetch(address, given as Parameters<typeof fetch>[1]);
}

export type Post = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal | undefined;
};

/** A streamed answer. Its body must be read or dumped. */
export type PostAnswer = Pick<Dispatcher.ResponseData, "statusCode" | "headers" | "body">;

/** Posts a text, for half the processor time of `outgoingFetch`; follows no redirect. */
export function outgoingPost(address: string | URL, { headers, body, signal }: Post): Promise<PostAnswer> {
  shared ??= createDispatcher();
  return request(address, {
    method: "POST",
    headers: { ...headers },
    body,
    signal: signal ?? null,
    dispatcher: shared,
  });
}

function proxiesInForce(): Proxies {
  const read = readProxies();
  if (!read.ok) throw new ProxyError(read.faults.join(" "));
  return read.config;
}

/** The setting an address comes from; both may have the same. */
function settingOf(url: URL, { http, https }: Proxies): ProxySetting {
  const from = [https, http].flatMap((each) =>
    each && new URL(each.url).href === url.href ? [each.name] : [],
  );
  return { name: [...new Set(from)].join(" and "), url: url.href };
}

/**
 * Creates the client that asks a proxy for tunnels. undici's own waits minutes for an answer, and retries forever where
 * none comes.
 */
function createProxyClient(setting: ProxySetting, connectMs: number): Dispatcher {
  const { protocol, host, origin } = new URL(setting.url);
  const proxy = `the proxy ${protocol}//${host}`;
  const pool = new Pool(origin, { connect: { timeout: connectMs } });
  const ask = pool.connect.bind(pool);
  const open = async (options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    try {
      return await ask({ ...options, signal: AbortSignal.timeout(connectMs) });
    } catch (error) {
      const why = wordFailure(error) ?? "the connection failed";
      throw new ProxyError(`${proxy} can't be reached: ${why}`, { cause: error });
    }
  };
  return Object.assign(pool, {
    async connect(options: Dispatcher.ConnectOptions) {
      const answer = await open(options);
      if (answer.statusCode === 200) return answer;
      // Nobody else handles this socket's errors.
      answer.socket.on("error", () => undefined).destroy();
      throw new ProxyError(`${proxy} ${wordRefusal(answer.statusCode, options.path, setting)}`);
    },
  });
}

function wordRefusal(status: number, wanted: string, { name, url }: ProxySetting): string {
  if (status === 407)
    return new URL(url).username === ""
      ? `asks for a user and a password (407): put them into ${name}, as in http://user:password@proxy.example.com:3128`
      : `refuses (407): check the user and password in ${name}`;
  if (status === 403 || status === 405)
    return `refuses to connect to ${wanted} (${status}): allow CONNECT there, or name it in NO_PROXY`;
  return `can't connect to ${wanted} (${status})`;
}
