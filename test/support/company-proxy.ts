import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { portOf } from "./proxy.ts";

export type CompanyProxyOptions = {
  /** `user:password` that it insists on. */
  readonly credentials?: string;
  /** Spoken to over TLS, with these. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Ports of this machine by the names only the proxy knows; other hosts are called as they are. */
  readonly ports?: Readonly<Record<string, number>>;
};

/** An HTTP proxy as a company has it, which tunnels by CONNECT. */
export type CompanyProxy = {
  /** `http://127.0.0.1:PORT`, without credentials. */
  readonly url: string;
  /** The same with them. */
  readonly fullUrl: string;
  /** `HOST:PORT` of each tunnel it has opened. */
  readonly tunnels: () => readonly string[];
  /** All it was asked: `METHOD TARGET STATUS`. */
  readonly log: () => readonly string[];
  /** From now on: refuses with a status, says nothing, ends the connection, or opens a tunnel that leads nowhere. */
  behave(how: "well" | "silent" | "ends" | "swallows" | number): void;
  close(): Promise<void>;
};

export async function startCompanyProxy(options: CompanyProxyOptions = {}): Promise<CompanyProxy> {
  const { credentials, tls, ports = {} } = options;
  const log: string[] = [];
  const sockets = new Set<Duplex>();
  let how: Parameters<CompanyProxy["behave"]>[0] = "well";
  const keep = <T extends Duplex>(socket: T): T => {
    sockets.add(socket);
    // An error is followed by "close".
    return socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  };
  const refuse = (request: IncomingMessage, response: ServerResponse): void => {
    log.push(`${request.method} ${request.url} 501`);
    response.writeHead(501).end();
  };
  const server = tls ? createTlsServer(tls, refuse) : createServer(refuse);
  server.on("connection", keep);

  function statusFor(request: IncomingMessage): number {
    if (typeof how === "number") return how;
    const given = request.headers["proxy-authorization"];
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    return given === wanted ? 200 : 407;
  }

  server.on("connect", (request: IncomingMessage, client: Duplex) => {
    const target = request.url ?? "";
    keep(client);
    if (how === "silent" || how === "ends") {
      log.push(`CONNECT ${target} 000`);
      return void (how === "ends" && client.destroy());
    }
    const status = statusFor(request);
    log.push(`CONNECT ${target} ${status}`);
    if (status !== 200) {
      const wants = status === 407 ? 'Proxy-Authenticate: Basic realm="company"\r\n' : "";
      return void client.end(
        `HTTP/1.1 ${status} Refused\r\n${wants}Connection: close\r\nContent-Length: 5\r\n\r\nsorry`,
      );
    }
    if (how === "swallows") {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      return void client.resume();
    }
    const { hostname, port } = new URL(`http://${target}`);
    const known = ports[hostname];
    const upstream: Socket = keep(connect(known ?? Number(port || 80), known ? "127.0.0.1" : hostname));
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
    upstream.once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
  });

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `${tls ? "https" : "http"}://127.0.0.1:${portOf(server)}`;
  const [, user = "", password = ""] = /^([^:]*):(.*)$/u.exec(credentials ?? "") ?? [];
  return {
    url,
    fullUrl: Object.assign(new URL(url), { username: user, password }).href,
    log: () => [...log],
    tunnels: () =>
      log.flatMap((line) => {
        const [, target, status] = line.split(" ");
        return status === "200" && target !== undefined ? [target] : [];
      }),
    behave(next) {
      how = next;
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
