import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A network between Hallpass and a server that a test can take away. */
export type Proxy = {
  /** The server's URL, by way of this proxy. */
  readonly url: string;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Swallows all bytes from now on; connections are taken and nothing ever comes back. */
  hold(): void;
  /**
   * Swallows all bytes of the connection on which these words are sent next: the words themselves (`request`), or what
   * the server answers to them (`answer`). Resolves when that has happened.
   */
  holdAt(words: string, from: "request" | "answer"): Promise<void>;
  /** Ends all connections, and from now on each new one at once: whoever used them is dead to the server, for good. */
  sever(): void;
  /** Lets new connections through; those held are ended. */
  restore(): Promise<void>;
  close(): Promise<void>;
};

type Pair = { readonly client: Socket; readonly upstream: Socket; isHeld: boolean };

/** What is about to be passed on; a connection is the same object each time. */
export type Passing = {
  readonly chunk: Buffer;
  readonly from: "request" | "answer";
  readonly connection: object;
};

/**
 * Listens on a port of its own and passes on to the host and port of `targetUrl`. `onPassing` sees everything first, and may
 * sever the connection before it arrives.
 */
export async function startProxy(
  targetUrl: string,
  onPassing: (passing: Passing) => void = () => undefined,
): Promise<Proxy> {
  const target = new URL(targetUrl);
  const pairs = new Set<Pair>();
  let isHolding = false;
  let isSevered = false;
  let trap: { readonly words: string; readonly from: string; readonly caught: () => void } | undefined;

  function accept(client: Socket): void {
    if (isSevered) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    const pair: Pair = { client, upstream, isHeld: isHolding };
    pairs.add(pair);
    client.on("data", (chunk: Buffer) => {
      onPassing({ chunk, from: "request", connection: pair });
      if (isSevered) return;
      if (trap && chunk.includes(trap.words)) {
        pair.isHeld = true;
        trap.caught();
        if (trap.from === "answer") upstream.write(chunk);
        trap = undefined;
      } else if (!pair.isHeld) upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      onPassing({ chunk, from: "answer", connection: pair });
      if (!pair.isHeld && !isSevered) client.write(chunk);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      // An error is followed by "close".
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  }

  const end = (which: (pair: Pair) => boolean): void => {
    for (const pair of [...pairs].filter(which)) {
      pair.client.destroy();
      pair.upstream.destroy();
    }
  };
  let server = await listen(0, accept);
  const port = portOf(server);

  return {
    url: Object.assign(new URL(targetUrl), { host: `127.0.0.1:${port}` }).href,
    async cut() {
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      end(() => true);
      await closed;
    },
    hold() {
      isHolding = true;
      for (const pair of pairs) pair.isHeld = true;
    },
    holdAt: (words, from) =>
      new Promise((resolve) => {
        trap = { words, from, caught: resolve };
      }),
    sever() {
      isSevered = true;
      end(() => true);
    },
    async restore() {
      isHolding = false;
      end(({ isHeld }) => isHeld);
      if (!server.listening) server = await listen(port, accept);
    },
    async close() {
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      end(() => true);
      await closed;
    },
  };
}

/**
 * A port nobody listens on, for a process that will. Below those the kernel gives by itself (from 32768 on Linux, 49152 on macOS):
 * one of these would be somebody's connection by the time the process starts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowestPort + (nextPort++ % portCount);
    const probe = createServer().listen(port, "127.0.0.1");
    try {
      await once(probe, "listening");
    } catch {
      continue;
    }
    const closed = once(probe, "close");
    probe.close();
    await closed;
    return port;
  }
}

const lowestPort = 12_000;
const portCount = 18_000;
/** Test files that run side by side begin far from one another. */
let nextPort = (process.pid * 211) % portCount;

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** The port of a server that listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
