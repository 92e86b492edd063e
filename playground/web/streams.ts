import type { FastifyReply } from "fastify";

/** One listener of server-sent events. */
export interface Stream {
  /** `json` is one line, as JSON.stringify writes it. */
  readonly send: (event: string, json: string) => void;
  /** False while the listener has not taken what was sent; `onDrain` follows. */
  readonly isReady: () => boolean;
  readonly onDrain: (listener: () => void) => void;
  readonly onClose: (listener: () => void) => void;
}

const HEARTBEAT_MS = 15_000;

/** Turns the reply into a stream of server-sent events; it ends when either side hangs up. */
export function openStream(reply: FastifyReply): Stream {
  const { raw } = reply;
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  // A playground that is started again is back on the screen a second later.
  raw.write("retry: 1000\n\n");
  // Proxies and browsers give up on a connection that is silent for long.
  const heartbeat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
  raw.on("close", () => clearInterval(heartbeat));
  return {
    send: (event, json) => void raw.write(`event: ${event}\ndata: ${json}\n\n`),
    isReady: () => !raw.writableNeedDrain,
    onDrain: (listener) => void raw.on("drain", listener),
    onClose: (listener) => void raw.on("close", listener),
  };
}

/** Runs `act` once, a moment after the first of several calls. */
export function coalesced(
  act: () => void,
  ms = 30,
): { readonly soon: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    soon: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, ms);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
