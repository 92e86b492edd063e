import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "../logger.ts";
import { answerHealth, answerReadiness } from "./health.ts";
import type { Readiness } from "./health.ts";
import type { Metrics } from "./metrics.ts";

/** A `RequestListener`, as Bolt has one; a promise it hands back is awaited, though its type tells of none. */
type SlackListener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly log: Logger;
  readonly readiness: () => Promise<Readiness> | Readiness;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** In HTTP mode, Bolt's; in Socket Mode there is none, and `/slack/events` is not found. */
  readonly slackEvents?: SlackListener;
}

export interface HttpServer {
  /** The port it listens on. */
  readonly port: number;
  /** Takes no more connections and lets requests under way finish, for 5 s at most. */
  close(): Promise<void>;
}

/** The server can't listen; the message says where and what to do. */
class ListenError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ListenError";
  }
}

const closeMilliseconds = 5_000;

/** Answers health checks, and Slack in HTTP mode. Throws `ListenError`. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, log } = options;
  const server = createServer({
    // Slack sends small requests at once; whoever takes longer holds a connection for nothing.
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // Longer than the 60 s of common load balancers, which must be the ones to end an idle connection.
    keepAliveTimeout: 65_000,
  });
  let closed: Promise<void> | undefined;
  server.on("request", (request, response) => {
    // Its connection is idle now, and would be kept for the next request.
    response.once("close", () => closed && server.closeIdleConnections());
    route(options, request, response).catch((error: unknown) => fail(response, error, log));
  });
  await listen(server, host, port);
  server.on("error", (error) => log.error({ error }, "HTTP server"));
  const address = server.address();
  const actualPort = address !== null && typeof address === "object" ? address.port : port;
  return { port: actualPort, close: () => (closed ??= close(server)) };
}

async function route(
  { readiness, metrics, slackEvents, log }: HttpServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request.url ?? "");
  if (path === undefined) return answer(response, 400, "Bad request");
  // HEAD is GET without the body, which Node leaves out by itself.
  const method = request.method === "HEAD" ? "GET" : request.method;
  switch (`${method} ${path}`) {
    case "GET /healthz":
      return answerHealth(response);
    case "GET /readyz":
      return answerReadiness(response, readiness, log);
    case "GET /metrics":
      response.setHeader("content-type", metrics.contentType).end(await metrics.text());
      return;
    case "POST /slack/events":
      if (!slackEvents) return answer(response, 404, "Not found");
      await slackEvents(request, response);
      return;
    default:
      return answer(response, 404, "Not found");
  }
}

function pathOf(target: string): string | undefined {
  return target.startsWith("/") && URL.canParse(target, "http://localhost")
    ? new URL(target, "http://localhost").pathname
    : undefined;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
}

function fail(response: ServerResponse, error: unknown, log: Logger): void {
  log.error({ error }, "HTTP request failed");
  if (response.headersSent) response.destroy();
  else answer(response, 500, "Internal error");
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(wordListenError(error, host, port));
    server.once("error", failed).listen({ host, port }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function wordListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "it is taken by another process; end that, or set PORT to another port",
    EACCES: "the port is reserved to root; set PORT to one above 1023",
    EADDRNOTAVAIL: "this machine has no such address; set HOST to one it has, or leave it out",
    ENOTFOUND: "there is no host of that name; set HOST to an address of this machine, or leave it out",
  };
  return new ListenError(`Hallpass can't listen on ${place}: ${why[error.code ?? ""] ?? error.message}.`, {
    cause: error,
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => server.closeAllConnections(), closeMilliseconds);
    server.close(() => {
      clearTimeout(impatience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
