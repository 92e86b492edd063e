import { once } from "node:events";
import { WebSocket } from "ws";
import { objectOf, parseJson, textOf, type JsonObject } from "../../slack-simulator/json.ts";
import { startSlack, type Slack } from "../support/slack.ts";

let slack: Slack;

beforeEach(async () => {
  slack = await startSlack();
});

afterEach(() => slack.close());

/** A connection that acknowledges whatever it is sent and, unlike Bolt, stays when asked to go. */
async function connect(): Promise<{ readonly received: readonly JsonObject[] }> {
  const before = slack.sockets.connected();
  const socket = new WebSocket(slack.sockets.newUrl());
  const received: JsonObject[] = [];
  socket.on("message", (data: Buffer) => {
    const message = objectOf(parseJson(data.toString()));
    const envelopeId = textOf(message.envelope_id);
    received.push(message);
    if (envelopeId !== "") socket.send(JSON.stringify({ envelope_id: envelopeId }));
  });
  await slack.until(() => slack.sockets.connected() === before + 1, "the connection");
  await slack.until(() => received[0]?.type === "hello", "the greeting");
  return { received };
}

const commands = (connection: Awaited<ReturnType<typeof connect>>): number =>
  connection.received.filter((message) => message.type === "slash_commands").length;

test("each delivery goes to one connection of several", async () => {
  const one = await connect();
  const other = await connect();
  for (let count = 0; count < 4; count += 1) {
    expect(await slack.as("alice").types("/echo x")).toMatchObject({ outcome: "acked" });
  }
  expect([commands(one), commands(other)]).toEqual([2, 2]);
});

test("a connection that was asked to go gets nothing more", async () => {
  const old = await connect();
  slack.sockets.disconnect();
  const fresh = await connect();
  await slack.as("alice").types("/echo x");
  await slack.as("alice").types("/echo y");
  expect([commands(old), commands(fresh)]).toEqual([0, 2]);
});

test("a ticket connects once", async () => {
  const url = slack.sockets.newUrl();
  const first = new WebSocket(url);
  await once(first, "open");
  const second = new WebSocket(url);
  const [error] = await once(second, "unexpected-response").then(([, response]) => [response]);
  expect(error).toMatchObject({ statusCode: 401 });
});
