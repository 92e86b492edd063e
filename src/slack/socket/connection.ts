import type { Duplex } from "node:stream";
import { DecoratorHandler, type Dispatcher, ping, WebSocket } from "undici";
import type { Logger } from "../../logger.ts";
import { wordFailure } from "../../network/word-failure.ts";
import { type Envelope, readFrame } from "./frames.ts";

/** An open connection to Slack: Slack has said hello. */
export type Connection = {
  /** Sends a close frame, and waits only briefly for Slack's. */
  close(): void;
};

export type ConnectionOptions = {
  /** From `apps.connections.open`; valid for one use. */
  readonly url: string;
  readonly dispatcher: Dispatcher;
  readonly log: Logger;
  /** Aborts a connection that is not open yet; the promise rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** `ack` throws if the connection has ended; Slack then redelivers the envelope elsewhere. */
  readonly onEnvelope: (envelope: Envelope, ack: (response?: unknown) => void) => void;
  /** Slack sent something that is not for us. */
  readonly onNotUnderstood: (type: string) => void;
  /** Called once, when the connection can no longer be relied on: Slack announces its end, has ended it, or is silent. */
  readonly onLeaving: (why: string) => void;
  readonly times?: ConnectionTimes;
};

export type ConnectionTimes = {
  /** Interval of pings, which Slack answers at once; a network that drops everything gives no other sign. */
  readonly pingEveryMs: number;
  /** How long to wait after our close frame, because Slack leaves TCP open after its own. */
  readonly goodbyeMs: number;
};
const usualConnectionTimes: ConnectionTimes = { pingEveryMs: 5_000, goodbyeMs: 2_000 };

/** Two, because a process that was paused reads the answer to one late. */
const maxUnanswered = 2;

/** Opens a connection; resolves with Slack's hello. Rejects with the reason, in words for an operator. */
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
    /** Reports that the connection can no longer be relied on, or rejects if it was never open. */
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
    /**
     * Checks for Slack's close frame: the WebSocket reports it only once TCP ends, which Slack leaves open, and
     * delivers nothing after it.
     */
    const lookForGoodbye = (): void => {
      if (isLeaving || socket.readyState === WebSocket.OPEN) return;
      leave("Slack has ended the connection");
      cut();
    };
    const beat = (): void => {
      lookForGoodbye();
      // Slack has announced the end of this one, and another is being opened.
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
        // Any data shows that Slack is there, answers to pings included.
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

/** Details of the handshake that the WebSocket does not expose. */
type Handshake = { status?: number; error?: Error; socket?: Duplex };

/** Captures why a handshake fails, and the underlying socket: only destroying it ends a connection that the other side keeps open. */
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
/** The connection ended without a close frame. */
const abnormalClosure = 1006;

function wordEnd({ status, error }: Handshake, code: number): string {
  if (status === switchedProtocols)
    return code === abnormalClosure
      ? "the connection to Slack was cut"
      : `Slack has ended the connection (WebSocket code ${code})`;
  if (status !== undefined) return `the WebSocket is refused with HTTP status ${status}`;
  return `the WebSocket cannot be opened: ${wordFailure(error) ?? "it ended before it was open"}`;
}
