import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { App } from "@slack/bolt";
import { pino } from "pino";
import { encode, signature } from "../../slack-simulator/http-transport.ts";
import type { HttpServer } from "../../src/http/serve.ts";
import { startHttpServer } from "../../src/http/server.ts";
import { createHttpReceiver } from "../../src/slack/http-receiver.ts";

const signingSecret = "of the test";
const log = pino({ level: "silent" });

let server: HttpServer;
let handled: string[];
const sockets: Socket[] = [];

beforeAll(async () => {
  const door = createHttpReceiver(signingSecret, { log, attend: (work) => work() });
  const app: Pick<App, "processEvent"> = {
    async processEvent({ body, ack }) {
      handled.push(String(body["command"] ?? body["type"]));
      await ack();
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Bolt gives a receiver itself; of it only this is used
  door.receiver.init(app as App);
  const readiness = { ready: true, why: [] };
  const options = { host: "127.0.0.1", port: 0, log, readiness: () => readiness };
  server = await startHttpServer({ ...options, slackEvents: door.requestListener });
});
afterAll(() => server?.close());
beforeEach(() => {
  handled = [];
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

type Connection = {
  readonly socket: Socket;
  /** Resolves with all that came once it has so many answers, or is ended. */
  readonly answers: (count: number) => Promise<string>;
  readonly isEnded: () => boolean;
};

async function open(): Promise<Connection> {
  const socket = connect(server.port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  // Each wait listens for two things, and hears one.
  socket.setMaxListeners(0);
  const seen = { text: "", isEnded: false };
  socket.on("data", (chunk: Buffer) => (seen.text += chunk.toString()));
  socket.on("end", () => (seen.isEnded = true));
  // The other side may end it while something is still sent.
  socket.on("error", () => undefined);
  const isEnded = (): boolean => seen.isEnded || socket.destroyed;
  const count = (): number => seen.text.match(/HTTP\/1\.1 \d\d\d/gu)?.length ?? 0;
  return {
    socket,
    isEnded,
    async answers(wanted) {
      while (count() < wanted && !isEnded())
        await Promise.race([once(socket, "data"), once(socket, "close")]).catch(() => undefined);
      return seen.text;
    },
  };
}

function command(text: string): { readonly head: string; readonly body: string } {
  const { body, contentType } = encode("slash_commands", {
    command: text,
    user_id: "U0ALICE",
    channel_id: "C0CHANNEL",
    trigger_id: "1.2.3",
    response_url: "https://hooks.slack.com/x",
  });
  return { head: headOf(body, contentType), body };
}

function headOf(
  body: string,
  contentType: string,
  { path = "/slack/events", aheadSeconds = 0, isSigned = true } = {},
): string {
  const timestamp = Math.trunc(Date.now() / 1_000) + aheadSeconds;
  const signed = isSigned
    ? `x-slack-request-timestamp: ${timestamp}\r\nx-slack-signature: ${signature(signingSecret, timestamp, body)}\r\n`
    : "";
  return (
    `POST ${path} HTTP/1.1\r\nhost: hallpass\r\ncontent-type: ${contentType}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${signed}\r\n`
  );
}

const large = "x".repeat(5 * 1024 * 1024);
const form = "application/x-www-form-urlencoded";

it.each([
  ["an unsigned body of 5 MB", { isSigned: false }, 413],
  ["a signed body of 5 MB", {}, 413],
  ["5 MB for a path there is not", { path: "/elsewhere" }, 404],
  ["5 MB signed for tomorrow", { aheadSeconds: 86_400 }, 401],
] as const)(
  "after %s the connection is ended, and the next delivery is answered on another",
  async (_, how, status) => {
    const { socket, answers, isEnded } = await open();
    socket.write(headOf(large, form, how) + large);
    const { head, body } = command("/access");
    socket.write(head + body);
    const text = await answers(2);
    expect(text).toContain(`HTTP/1.1 ${status}`);
    expect(text.toLowerCase()).toContain("connection: close");
    while (!isEnded()) await once(socket, "close");
    const next = await open();
    next.socket.write(head + body);
    expect(await next.answers(1)).toContain("HTTP/1.1 200");
    expect(handled).toEqual(["/access"]);
  },
);

it.each([
  ["an expectation that nobody meets", "expect: something-else\r\n", 417],
  ["the wish for another protocol", "connection: upgrade\r\nupgrade: h2c\r\n", 400],
])("%s ends the connection, and the next delivery is answered on another", async (_, header, status) => {
  const { socket, answers, isEnded } = await open();
  const { head, body } = command("/access");
  socket.write(head.replace("host: hallpass\r\n", `host: hallpass\r\n${header}`) + body);
  expect(await answers(1)).toContain(`HTTP/1.1 ${status}`);
  while (!isEnded()) await once(socket, "close");
  const next = await open();
  next.socket.write(head + body);
  expect(await next.answers(1)).toContain("HTTP/1.1 200");
});

it("what comes in one go is answered one after the other", async () => {
  const { socket, answers } = await open();
  const both = ["/first", "/second", "/third"].map(command);
  socket.write(both.map(({ head, body }) => head + body).join(""));
  const text = await answers(3);
  expect(text.match(/HTTP\/1\.1 200/gu)).toHaveLength(3);
  expect(handled).toEqual(["/first", "/second", "/third"]);
});

it("a body that comes byte by byte is answered when it is there", async () => {
  const { socket, answers } = await open();
  const { head, body } = command("/slow");
  socket.setNoDelay(true);
  for (const character of head + body) {
    socket.write(character);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await answers(1)).toContain("HTTP/1.1 200");
  expect(handled).toEqual(["/slow"]);
});

it("a hundred deliveries on one connection, as behind a proxy, are all answered on it", async () => {
  const { socket, answers, isEnded } = await open();
  for (let number = 1; number <= 100; number += 1) {
    const { head, body } = command(`/number-${number}`);
    socket.write(head + body);
    await answers(number);
  }
  expect(handled).toHaveLength(100);
  expect(isEnded()).toBe(false);
});

it("a small request that is refused leaves the connection to the next", async () => {
  const { socket, answers } = await open();
  socket.write(headOf("a=b", form, { isSigned: false }) + "a=b");
  expect(await answers(1)).toContain("HTTP/1.1 401");
  const { head, body } = command("/after");
  socket.write(head + body);
  expect(await answers(2)).toContain("HTTP/1.1 200");
});

it("a body that never comes is given up with the connection, and others are answered meanwhile", async () => {
  const { socket } = await open();
  const { head, body } = command("/never");
  socket.write(head + body.slice(0, 10));
  const other = await open();
  const next = command("/meanwhile");
  other.socket.write(next.head + next.body);
  expect(await other.answers(1)).toContain("HTTP/1.1 200");
  socket.destroy();
  expect(handled).toEqual(["/meanwhile"]);
});

it.each(["app_home_opened", "app_rate_limited", "team_join"])(
  "a signed event that nobody listens to is answered with 200 at once: %s",
  async (type) => {
    const { socket, answers } = await open();
    const body = JSON.stringify({ type: "event_callback", event: { type } });
    socket.write(headOf(body, "application/json") + body);
    expect(await answers(1)).toContain("HTTP/1.1 200");
  },
);
