import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "../logger.ts";

/** Where a server listens, and the settings for it. */
export type Place = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The settings an operator changes when it can't listen there. */
  readonly settings: { readonly host: string; readonly port: string };
};

export interface HttpServer {
  /** The port it listens on. */
  readonly port: number;
  /** Takes no more connections and lets requests under way finish, for 5 s at most. */
  close(): Promise<void>;
}

/**
 * Answers a request by its method and path, such as `GET /healthz`; HEAD counts as GET. `false` when there is nothing
 * there.
 */
export type Route = (what: string, request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The server can't listen; the message says where and what to do. */
class ListenError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "ListenError";
  }
}

const closeMilliseconds = 5_000;

/** Listens at a place and answers requests by a route. Throws `ListenError`. */
export async function serve(place: Place, log: Logger, route: Route): Promise<HttpServer> {
  const server = createServer({
    // Slack sends small requests at once; a slower client holds a connection for nothing.
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // By default, both timeouts are checked only twice a minute.
    connectionsCheckingInterval: 5_000,
    // Longer than the 60 s of common load balancers, which must be the ones to close an idle connection.
    keepAliveTimeout: 65_000,
  });
  let closed: Promise<void> | undefined;
  server.on("request", (request, response) => {
    // Its connection is idle now, and would otherwise be kept for the next request.
    response.once("close", () => closed && server.closeIdleConnections());
    answerBy(route, request, response).catch((error: unknown) => fail(response, error, log));
  });
  // Without these handlers, Node leaves the connection open and takes what follows for the unread body.
  server.on("checkExpectation", (_, response: ServerResponse) => {
    response.writeHead(417, { connection: "close" }).end();
  });
  server.on("upgrade", (_, socket) => {
    socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  });
  await listen(server, place);
  server.on("error", (error) => log.error({ error }, "HTTP server"));
  const address = server.address();
  const actualPort = address !== null && typeof address === "object" ? address.port : place.port;
  return { port: actualPort, close: () => (closed ??= close(server)) };
}

async function answerBy(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request.url ?? "");
  // Only POST bodies are read; the unread body of anything else would be taken for the next request.
  if (!request.complete && (path === undefined || request.method !== "POST"))
    response.setHeader("connection", "close");
  if (path === undefined) return answer(response, 400, "Bad request");
  // HEAD is GET without the body, which Node leaves out by itself.
  const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
  if (await route(`${method} ${path}`, request, response)) return;
  // Nobody reads the rest of its body.
  if (!request.complete) response.setHeader("connection", "close");
  answer(response, 404, "Not found");
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

function listen(server: Server, place: Place): Promise<void> {
  const { host, port } = place;
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(wordListenError(error, place));
    server.once("error", failed).listen({ host, port }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

function wordListenError(error: NodeJS.ErrnoException, { host, port, settings }: Place): Error {
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `it is taken by another process; end that, or set ${settings.port} to another port`,
    EACCES: `the port is reserved to root; set ${settings.port} to one above 1023`,
    EADDRNOTAVAIL: `this machine has no such address; set ${settings.host} to one it has, or leave it out`,
    ENOTFOUND: `there is no host of that name; set ${settings.host} to an address of this machine, or leave it out`,
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
