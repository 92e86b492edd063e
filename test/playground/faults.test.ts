import { startSlack, type Slack } from "../support/slack.ts";
import { startApp, type RunningApp, type Transport } from "./bolt-app.ts";

let slack: Slack;
let app: RunningApp;

async function start(transport: Transport): Promise<void> {
  slack = await startSlack();
  app = await startApp(slack, transport);
}

afterEach(async () => {
  slack.faults.clear();
  await app.stop();
  await slack.close();
});

const HOUR_MS = 3_600_000;
const message = { channel: "#access-requests", text: "hello" };
const texts = (): readonly string[] =>
  slack
    .channel("#access-requests")
    .messages()
    .map((one) => one.text);
const post = (): Promise<{ ok?: boolean }> => app.client.apiCall("chat.postMessage", message);

test("a rate limit is waited out by the client", async () => {
  await start("http");
  slack.faults.rateLimit("chat.postMessage", 1);
  await post();
  expect(slack.calls("chat.postMessage").map((call) => call.httpStatus)).toEqual([429, 200]);
  expect(texts()).toEqual(["hello"]);
});

test("an answer that gets lost is a message posted twice", async () => {
  await start("http");
  slack.faults.loseAnswer("chat.postMessage");
  await post();
  expect(texts()).toEqual(["hello", "hello"]);
});

test("a failure is answered once, and only for its method", async () => {
  await start("http");
  slack.faults.failNext("chat.postMessage", "internal_error");
  await app.client.auth.test();
  await expect(post()).rejects.toMatchObject({ data: { error: "internal_error" } });
  await post();
  expect(texts()).toEqual(["hello"]);
});

test("while Slack is down nothing arrives; afterwards all is as before", async () => {
  await start("http");
  slack.faults.down();
  await expect(post()).rejects.toThrow(/503/);
  slack.faults.down("destroyed");
  await expect(post()).rejects.toThrow(/fetch failed/);
  slack.faults.clear();
  await post();
  expect(texts()).toEqual(["hello"]);
});

test("a slow method is slow, the others are not", async () => {
  await start("http");
  slack.faults.slow(150, ["chat.postMessage"]);
  await post();
  slack.faults.slow(HOUR_MS, ["chat.postMessage"]);
  await app.client.auth.test();
  expect(slack.calls("chat.postMessage")[0]?.ms).toBeGreaterThanOrEqual(140);
  expect(slack.calls("auth.test").at(-1)?.ms).toBeLessThan(HOUR_MS);
});

test("asked to reconnect, a socket goes and another comes", async () => {
  await start("socket");
  slack.sockets.disconnect();
  expect(slack.sockets.connected()).toBe(0);
  expect(await slack.as("alice").types("/echo deaf")).toMatchObject({ outcome: "failed" });
  await slack.until(() => slack.sockets.connected() === 1, "the new connection");
  expect(await slack.as("alice").types("/echo back")).toMatchObject({ outcome: "acked", status: "ack" });
});

test("a socket cut without a word comes back too", async () => {
  await start("socket");
  slack.sockets.drop();
  await slack.until(() => slack.sockets.connected() === 0, "the cut");
  await slack.until(() => slack.sockets.connected() === 1, "the new connection");
  expect(await slack.as("alice").types("/echo back")).toMatchObject({ outcome: "acked" });
});

test("every delivery can be doubled", async () => {
  await start("socket");
  slack.faults.duplicateDeliveries(2);
  await slack.as("alice").types("/trigger");
  expect(app.seen).toHaveLength(2);
  expect(app.seen[0]).toBe(app.seen[1]);
  expect(slack.deliveries().map((delivery) => delivery.attempt)).toEqual([0, 1]);
});

test("an event nobody acknowledged is delivered again", async () => {
  await start("http");
  const appUrl = slack.requestUrl()?.replace("/slack/events", "");
  slack.setAppUrl("http://127.0.0.1:9");
  const sent = slack.changeUser("bob", { deleted: true });
  slack.setAppUrl(appUrl);
  await sent;
  expect(slack.deliveries()).toMatchObject([
    { type: "user_change", attempt: 0, status: "connection_failed" },
    { type: "user_change", attempt: 1, status: 200 },
  ]);
  expect(app.seen).toEqual(["user_change bob deleted true"]);
});
