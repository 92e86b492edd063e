import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import type { Transport, TransportAnswer } from "./delivery.ts";
import { isObject, parseJson, textOf } from "./json.ts";
import type { Problems } from "./problems.ts";

type DisconnectReason = "warning" | "refresh_requested" | "link_disabled";

export interface Sockets extends Transport {
  /** A single-use address for a new connection, for apps.connections.open. */
  readonly newUrl: () => string;
  /** Connections that take deliveries. */
  readonly connected: () => number;
  /** All that are open beneath, those that take no deliveries too. */
  readonly held: () => number;
  /** Asks the app to reconnect, as Slack does every few hours; nothing more is delivered on those connections. The `count` oldest, or all. */
  readonly disconnect: (reason?: DisconnectReason, count?: number) => void;
  /** Cuts the connections without a word. */
  readonly drop: () => void;
  /** Sends a close frame, and leaves TCP open for as long as the app does. */
  readonly goodbye: () => void;
  /** Nothing comes or goes any more on the connections there are, and nobody is told, until Slack finds out, too (`cut`). */
  readonly silence: () => { readonly cut: () => void };
  /** Sends raw text to one connection, whatever it is; the answer comes where it has an `envelope_id` to acknowledge. */
  readonly sendRaw: (text: string) => Promise<TransportAnswer>;
  /** Says goodbye and waits for the apps to hang up, but not for long. */
  readonly close: () => Promise<void>;
}

export interface SocketOptions {
  readonly appId: string;
  readonly problems: Problems;
  readonly baseUrl: () => string;
  readonly isDown: () => boolean;
  readonly takeBadStart: () => "no hello" | "no answer" | { readonly status: number } | undefined;
  readonly leavesOpen: () => boolean;
  readonly onChange: () => void;
}

interface Connection {
  readonly socket: WebSocket;
  readonly pending: Map<string, (answer: TransportAnswer) => void>;
  takesDeliveries: boolean;
}

const PING_MS = 10_000;
const GOODBYE_MS = 500;

/** Socket Mode on the same port as the Web API, under `/link/?ticket=`. */
export function createSockets(server: Server, options: SocketOptions): Sockets {
  const { appId, problems, baseUrl, isDown, takeBadStart, leavesOpen, onChange } = options;
  const unanswered = new Set<Duplex>();
  const upgrades = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const connections = new Set<Connection>();
  let turn = 0;

  server.on("upgrade", (request, socket, head) => {
    const ticket = new URL(request.url ?? "/", "http://slack.invalid").searchParams.get("ticket") ?? "";
    if (isDown() || !tickets.delete(ticket)) {
      socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n");
      return;
    }
    const start = takeBadStart();
    if (start === "no answer") {
      unanswered.add(socket);
      socket.on("error", () => undefined).once("close", () => unanswered.delete(socket));
    } else if (typeof start === "object")
      socket.end(`HTTP/1.1 ${start.status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    else upgrades.handleUpgrade(request, socket, head, (open) => accept(open, start !== "no hello"));
  });

  function accept(socket: WebSocket, saysHello: boolean): void {
    const connection: Connection = { socket, pending: new Map(), takesDeliveries: saysHello };
    const ping = setInterval(() => socket.ping(), PING_MS);
    ping.unref();
    connections.add(connection);
    socket.on("message", (data) => receive(connection, textFrom(data)));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(ping);
      connections.delete(connection);
      for (const settle of connection.pending.values()) {
        settle({ acked: false, status: "socket_closed", body: undefined });
      }
      onChange();
    });
    // The library answers a close frame by closing, too; Slack does not always.
    const close = socket.close.bind(socket);
    socket.close = (...given) => leavesOpen() || close(...given);
    if (!saysHello) return;
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: connections.size,
        debug_info: { host: "simulated-slack", started: new Date().toISOString(), build_number: 1 },
        connection_info: { app_id: appId },
      }),
    );
    onChange();
  }

  function receive(connection: Connection, text: string): void {
    const message = parseJson(text);
    const envelopeId = isObject(message) ? textOf(message.envelope_id) : "";
    const settle = connection.pending.get(envelopeId);
    if (!isObject(message) || settle === undefined) {
      problems.warning("socket", `an acknowledgement of no open envelope: ${text.slice(0, 200)}`);
      return;
    }
    connection.pending.delete(envelopeId);
    const { payload } = message;
    const isEmpty = !isObject(payload) || Object.keys(payload).length === 0;
    settle({ acked: true, status: "ack", body: isEmpty ? undefined : payload });
  }

  function next(): Connection | undefined {
    const ready = [...connections].filter(
      (one) => one.takesDeliveries && one.socket.readyState === one.socket.OPEN,
    );
    turn += 1;
    return ready[turn % Math.max(ready.length, 1)];
  }

  function cut(connection: Connection): void {
    connection.takesDeliveries = false;
    connection.socket.terminate();
  }

  return {
    newUrl: () => {
      const ticket = randomBytes(16).toString("hex");
      tickets.add(ticket);
      return `${baseUrl().replace(/^http/, "ws")}link/?ticket=${ticket}&app_id=${appId}`;
    },
    connected: () => [...connections].filter((one) => one.takesDeliveries).length,
    held: () => connections.size,
    send: (kind, payload, retry) =>
      new Promise((resolve) => {
        const connection = next();
        if (connection === undefined) {
          resolve({ acked: false, status: "no_connection", body: undefined });
          return;
        }
        const envelopeId = randomBytes(16).toString("hex");
        connection.pending.set(envelopeId, resolve);
        const again = retry === undefined ? {} : { retry_attempt: retry.attempt, retry_reason: retry.reason };
        connection.socket.send(
          JSON.stringify({
            envelope_id: envelopeId,
            type: kind,
            payload,
            accepts_response_payload: kind !== "events_api",
            ...again,
          }),
        );
      }),
    disconnect: (reason = "refresh_requested", count = Infinity) => {
      const told = [...connections].filter((one) => one.takesDeliveries).slice(0, count);
      for (const connection of told) {
        connection.takesDeliveries = false;
        connection.socket.send(
          JSON.stringify({ type: "disconnect", reason, debug_info: { host: "simulated-slack" } }),
        );
      }
      onChange();
    },
    drop: () => {
      for (const connection of connections) cut(connection);
    },
    goodbye: () => {
      for (const connection of connections) {
        connection.takesDeliveries = false;
        // What it does not hear it does not answer by hanging up.
        connection.socket.pause();
        connection.socket.close(1000);
      }
    },
    silence: () => {
      const silenced = [...connections];
      for (const { socket } of silenced) {
        socket.pause();
        socket.send = () => undefined;
        socket.ping = () => undefined;
      }
      return { cut: () => silenced.forEach(cut) };
    },
    sendRaw: (text) =>
      new Promise((resolve) => {
        const connection = next();
        const frame = parseJson(text);
        const envelopeId = isObject(frame) ? textOf(frame.envelope_id) : "";
        if (envelopeId === "" || connection === undefined)
          resolve({ acked: false, status: connection ? "no_envelope" : "no_connection", body: undefined });
        else connection.pending.set(envelopeId, resolve);
        connection?.socket.send(text);
      }),
    close: async () => {
      const gone = [...connections].map(
        ({ socket }) =>
          new Promise((resolve) => {
            socket.once("close", resolve);
            socket.close(1001);
          }),
      );
      await Promise.race([Promise.all(gone), sleep(GOODBYE_MS, undefined, { ref: false })]);
      for (const connection of connections) cut(connection);
      for (const socket of unanswered) socket.destroy();
      upgrades.close();
    },
  };
}

function textFrom(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}
