import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A network that can be cut. */
export type Relay = {
  readonly port: number;
  /** Down: all connections end, and new ones are ended at once. */
  readonly setDown: (isDown: boolean) => void;
  readonly close: () => Promise<void>;
};

/** Passes on to a port of this machine what comes to a port of its own; both on the loopback. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isDown = false;
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(targetPort, "127.0.0.1");
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // An error is followed by "close".
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The relay has no port.");

  return {
    port: address.port,
    setDown: (down) => {
      isDown = down;
      if (down) endAll();
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      endAll();
      await closed;
    },
  };
}
