import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { portOf } from "../../support/proxy.ts";

/** Takes connections, and never answers. */
export async function startSilentServer(): Promise<{ readonly port: number; close(this: void): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on("error", () => undefined).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: portOf(server),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
