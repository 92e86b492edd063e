import { type Passing, type Proxy, startProxy } from "../support/proxy.ts";

export type Wire = "database" | "provider" | "slack";

/** The moment a process dies: when it sends its nth such call over this wire, or when the answer to it arrives. */
export type CrashPoint = {
  readonly wire: Wire;
  readonly nth: number;
  readonly when: "before it is sent" | "before it is answered";
};

/** All that one process says to the world and hears of it. */
export type Network = {
  readonly databaseUrl: string;
  readonly providerUrl: string;
  readonly slackUrl: string;
  /** Where queues are in Redis. */
  readonly redisUrl: string | undefined;
  /** Has the world reach the process, too. */
  reach(url: string): Promise<string>;
  /** Dies at this point; resolves when that has happened. */
  dieAt(point: CrashPoint): Promise<void>;
  /** Dies now: from outside, nothing of the process is left. */
  die(): void;
  close(): Promise<void>;
};

/** What counts as a call: of the database only what records, claims or settles something. */
const calls: Readonly<Record<Wire, RegExp>> = {
  database: /insert into audit_events|update effects|insert into messages/u,
  provider: /^(?:GET|PUT|POST) /u,
  slack: /^POST /u,
};

export async function startNetwork(
  servers: Readonly<Record<Wire, string>> & { readonly redis: string | undefined },
): Promise<Network> {
  const proxies: Proxy[] = [];
  let trap: { readonly point: CrashPoint; left: number; connection?: object; struck: () => void } | undefined;

  function die(): void {
    for (const proxy of proxies) proxy.sever();
    trap?.struck();
    trap = undefined;
  }

  function look(wire: Wire, { chunk, from, connection }: Passing): void {
    if (trap?.point.wire !== wire) return;
    if (from === "answer") {
      if (trap.connection === connection) die();
      return;
    }
    if (!calls[wire].test(chunk.toString("latin1"))) return;
    trap.left -= 1;
    if (trap.left > 0) return;
    if (trap.point.when === "before it is sent") die();
    else trap.connection ??= connection;
  }

  async function open(url: string, wire?: Wire): Promise<string> {
    const proxy = await startProxy(url, wire && ((passing): void => look(wire, passing)));
    proxies.push(proxy);
    return proxy.url;
  }

  return {
    databaseUrl: await open(servers.database, "database"),
    providerUrl: await open(servers.provider, "provider"),
    slackUrl: await open(servers.slack, "slack"),
    redisUrl: servers.redis === undefined ? undefined : await open(servers.redis),
    reach: (url) => open(url),
    dieAt: (point) =>
      new Promise((resolve) => {
        trap = { point, left: point.nth, struck: resolve };
      }),
    die,
    async close() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}
