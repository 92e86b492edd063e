import type { Duplex } from "node:stream";
import { DecoratorHandler, type Dispatcher, ping, WebSocket } from "undici";
import type { Logger } from "../../logger.ts";
import { wordFailure } from "../../network/word-failure.ts";
import { type Envelope, readFrame } from "./frames.ts";

/** One connection to Slack, open: Slack has said hello. */
export type Connection = {
  /** Ends it: takes leave, and does not wait long for Slack to do so, too. */
  close(): void;
};

export type ConnectionOptions = {
  /** As `apps.connections.open` gave it; good for one use. */
  readonly url: string;
  readonly dispatcher: Dispatcher;
  readonly log: Logger;
  /** Gives up on a connection that is not open yet; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** `ack` throws where the connection has ended; Slack then delivers what it sent elsewhere. */
  readonly onEnvelope: (envelope: Envelope, ack: (response?: unknown) => void) => void;
  /** What it sent is not for us. */
  readonly onNotUnderstood: (type: string) => void;
  /** Once, when Slack is to be counted on no more: it says that it will end the connection, or has, or is silent. */
  readonly onLeaving: (why: string) => void;
  readonly times?: ConnectionTimes;
};

export type ConnectionTimes = {
  /** Slack answers a ping at once; a network that swallows everything tells nobody. */
  readonly pingEveryMs: number;
  /** Slack leaves TCP open after it has taken leave. */
  readonly goodbyeMs: number;
};
const usualConnectionTimes: ConnectionTimes = { pingEveryMs: 5_000, goodbyeMs: 2_000 };

/** Two, for a process that stood still hears the answer to one late. */
const maxUnanswered = 2;

/** Opens a connection; resolves with Slack's hello. Rejects with why there is none, in words for an operator. */
export function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, log, signal, onEnvelope, onNotUnderstood, onLeaving, times = usualConnectionTimes } = options;
  const { pingEveryMs, goodbyeMs } = times;
  const seen: Handshake = {};
  const socket = new WebSocket(url, { dispatcher: options.dispatcher.compose(watching(seen)) });
  let unanswered = 0;
  let isOpen = false;
  let isLeaving = false;
  let heartbeat: NodeJS.Timeout | undefined;

  const cut = (): void => {
    clearInterval(heartbeat);
    if (socket.readyState === WebSocket.CONNECTING) socket.close();
    seen.socket?.destroy();
  };
  const close = (): void => {
    isLeaving = true;
    clearInterval(heartbeat);
    if (socket.readyState === WebSocket.CONNECTING) return cut();
    socket.close(1000);
    setTimeout(cut, goodbyeMs).unref();
  };
  return new Promise((resolve, reject) => {
    /** Slack is to be counted on no more, or never was. */
    const leave = (why: string): void => {
      signal.removeEventListener("abort", giveUp);
      if (isLeaving) return;
      isLeaving = true;
      if (isOpen) return onLeaving(why);
      cut();
      reject(new Error(why));
    };
    const giveUp = (): void => {
      reject(signal.reason);
      cut();
    };
    /** A close frame is not told of before TCP ends, which Slack leaves open; and nothing is handed on after it. */
    const lookForGoodbye = (): void => {
      if (isLeaving || socket.readyState === WebSocket.OPEN) return;
      leave("Slack has ended the connection");
      cut();
    };
    const beat = (): void => {
      lookForGoodbye();
      // Slack has said that it ends this one; another is opened.
      if (isLeaving) return;
      if (unanswered >= maxUnanswered) {
        leave(`Slack has been silent for ${(unanswered * pingEveryMs) / 1_000} s`);
        cut();
        return;
      }
      unanswered += 1;
      ping(socket);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    const opened = (): void => {
      if (isOpen || isLeaving) return;
      isOpen = true;
      signal.removeEventListener("abort", giveUp);
      seen.socket?.on("data", () => {
        // Whatever comes shows that somebody is there, answers to pings too.
        unanswered = 0;
        setImmediate(lookForGoodbye);
      });
      heartbeat = setInterval(beat, pingEveryMs).unref();
      resolve({ close });
    };
    socket.addEventListener("message", ({ data }) => {
      const frame = readFrame(data);
      switch (frame.is) {
        case "hello":
          return opened();
        case "disconnect":
          return leave(`Slack ends the connection (${frame.reason})`);
        case "envelope":
          return onEnvelope(frame.envelope, (response) => {
            if (socket.readyState !== WebSocket.OPEN)
              throw new Error("the connection that it came by has ended");
            const payload = response ?? {};
            socket.send(JSON.stringify({ envelope_id: frame.envelope.envelope_id, payload }));
          });
        case "unknown":
          return onNotUnderstood(frame.type);
      }
    });
    socket.addEventListener("error", ({ error, message }) => {
      log.debug({ err: error, message }, "a connection to Slack");
    });
    socket.addEventListener("close", ({ code }) => {
      clearInterval(heartbeat);
      leave(wordEnd(seen, code));
    });
  });
}

/** What is seen of a connection's beginning, which the WebSocket keeps to itself. */
type Handshake = { status?: number; error?: Error; socket?: Duplex };

/** Shows why a handshake fails, and the socket beneath, which alone ends what the other side does not. */
function watching(seen: Handshake): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const inner: Dispatcher.DispatchHandler = new DecoratorHandler(handler);
    return dispatch(options, {
      onRequestStart: (...given) => inner.onRequestStart?.(...given),
      onRequestUpgrade(controller, status, headers, socket) {
        Object.assign(seen, { status, socket });
        inner.onRequestUpgrade?.(controller, status, headers, socket);
      },
      onResponseStart(controller, status, ...more) {
        seen.status = status;
        inner.onResponseStart?.(controller, status, ...more);
      },
      onResponseData: (...given) => inner.onResponseData?.(...given),
      onResponseEnd: (...given) => inner.onResponseEnd?.(...given),
      onResponseError(controller, error) {
        seen.error = error;
        inner.onResponseError?.(controller, error);
      },
    });
  };
}

const switchedProtocols = 101;
/** Nobody took leave. */
const abnormalClosure = 1006;

function wordEnd({ status, error }: Handshake, code: number): string {
  if (status === switchedProtocols)
    return code === abnormalClosure
      ? "the connection to Slack was cut"
      : `Slack has ended the connection (WebSocket code ${code})`;
  if (status !== undefined) return `the WebSocket is refused with HTTP status ${status}`;
  return `the WebSocket cannot be opened: ${wordFailure(error) ?? "it ended before it was open"}`;
}
