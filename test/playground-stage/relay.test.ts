import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { z } from "zod";
import { type Relay, startRelay } from "../../playground/stage/relay.ts";

describe("the network between Hallpass and the orders database", () => {
  const echo = createServer((socket) => socket.pipe(socket));
  let relay: Relay;

  beforeAll(async () => {
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    relay = await startRelay(z.object({ port: z.number() }).parse(echo.address()).port);
  });
  afterAll(async () => {
    await relay.close();
    echo.close();
  });

  async function say(words: string, socket: Socket): Promise<string> {
    socket.write(words);
    const [answer] = await once(socket, "data");
    return String(answer);
  }

  it("passes on; cut, it ends what is open and what comes new; mended, it passes on again", async () => {
    const first = connect(relay.port, "127.0.0.1");
    first.on("error", () => undefined);
    expect(await say("hello", first)).toBe("hello");

    const ended = once(first, "close");
    relay.setDown(true);
    await ended;
    const refused = connect(relay.port, "127.0.0.1");
    refused.on("error", () => undefined).resume();
    await once(refused, "close");
    expect(refused.bytesRead).toBe(0);

    relay.setDown(false);
    const again = connect(relay.port, "127.0.0.1");
    expect(await say("back", again)).toBe("back");
    again.destroy();
  });
});
