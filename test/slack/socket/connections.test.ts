import { once } from "node:events";
import { Writable } from "node:stream";
import type { App } from "@slack/bolt";
import { pino } from "pino";
import { readTrouble } from "../../../src/slack/connect.ts";
import { type Connections, keepConnections } from "../../../src/slack/socket/connections.ts";
import { createSocketReceiver } from "../../../src/slack/socket/receiver.ts";
import { type Slack, startSlack } from "../../support/slack.ts";

const lines: string[] = [];
const log = pino(
  { level: "info" },
  new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  }),
);

/** A listener that acknowledges at once, on connections kept as Hallpass keeps them, with little patience. */
type Client = {
  readonly handled: readonly unknown[];
  readonly counts: readonly number[];
  readonly trouble: () => string | undefined;
  readonly connections: Connections;
  /** Ends it, with all it has not answered. */
  stop(): void;
};

let slack: Slack;
const stopping: AbortController[] = [];

beforeEach(async () => {
  lines.length = 0;
  slack = await startSlack({ ackTimeoutMs: 1_000 });
});
afterEach(async () => {
  for (const each of stopping.splice(0)) each.abort(new Error("the test is over"));
  await slack.close();
});

function start({
  apiUrl = slack.apiUrl,
  isStuck = false,
  pingEveryMs = 100,
  shortLifePauseMs = 1,
} = {}): Client {
  const stop = new AbortController();
  stopping.push(stop);
  const { signal } = stop;
  const handled: unknown[] = [];
  const counts: number[] = [];
  let trouble: string | undefined;
  const door = createSocketReceiver(
    { appToken: slack.tokens.app, apiUrl },
    { log, attend: (work) => work() },
    { pingEveryMs, goodbyeMs: 100 },
  );
  const app: Pick<App, "processEvent"> = {
    async processEvent({ body, ack }) {
      handled.push(body["trigger_id"] ?? JSON.stringify(body["event"]));
      if (isStuck) await once(signal, "abort");
      else await ack();
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Bolt gives a receiver itself; of it only this is used
  door.receiver.init(app as App);
  const connections = keepConnections({
    open: door.open,
    wordFailure: (error) => readTrouble(error, "SLACK_APP_TOKEN"),
    log,
    signal,
    onCount: (count) => counts.push(count),
    onTrouble: (why) => (trouble = why),
    onConnected: () => (trouble = undefined),
    times: { attemptMs: 500, drainMs: 200, shortLifePauseMs },
  });
  connections.connected.catch(() => undefined);
  signal.addEventListener("abort", () => connections.close());
  return {
    handled,
    counts,
    trouble: () => trouble,
    connections,
    stop: () => stop.abort(new Error("it is stopped")),
  };
}

function twoOpen(): Promise<boolean> {
  return slack.until(() => slack.sockets.connected() === 2, "two connections");
}

/** Cuts both connections so often, each time when the client has heard that they are open: before that they have not lived. */
async function flap({ counts }: Client, times: number): Promise<void> {
  const opened = (): number => counts.filter((open) => open === 2).length;
  for (let time = 1; time <= times; time += 1) {
    await slack.until(() => opened() === time, "two connections");
    slack.sockets.drop();
  }
}

const types = (text = "/access mine"): Promise<{ readonly outcome: string }> => slack.as("alice").types(text);

it("two connections are open, and what comes by either is answered", async () => {
  const { handled, connections } = start();
  await connections.connected;
  await twoOpen();
  for (let number = 0; number < 4; number += 1) expect(await types()).toMatchObject({ outcome: "acked" });
  expect(new Set(handled).size).toBe(4);
});

describe("a connection that comes to nothing is given up, and another is opened", () => {
  it.each([
    ["Slack never says hello", "no hello", "Slack has not said hello for 0.5 s"],
    ["the upgrade is not answered", "no answer", "Slack has not said hello for 0.5 s"],
    ["the upgrade is refused", { status: 503 }, "the WebSocket is refused with HTTP status 503"],
  ] as const)("%s", async (_, how, why) => {
    slack.faults.startBadly(how, 2);
    const { trouble, connections } = start();
    await slack.until(() => trouble() !== undefined, "the trouble to be said");
    expect(trouble()).toContain(why);
    expect(lines.join("")).toContain(why);
    await connections.connected;
    await twoOpen();
    expect(trouble()).toBeUndefined();
    expect(await types()).toMatchObject({ outcome: "acked" });
  });
});

it("while one of two cannot be opened the other serves, and nothing is called trouble", async () => {
  slack.faults.startBadly("no hello");
  const { trouble, connections } = start();
  await connections.connected;
  expect(trouble()).toBeUndefined();
  expect(await types()).toMatchObject({ outcome: "acked" });
  await twoOpen();
});

it("not connected is said the moment that the last connection is lost", async () => {
  const { counts, trouble } = start();
  await twoOpen();
  slack.faults.startBadly("no hello", 2);
  slack.sockets.drop();
  await slack.until(() => counts.at(-1) === 0, "the loss to be noticed");
  expect(trouble()).toBe("the connection to Slack was cut; no other is open yet");
  await twoOpen();
  expect(trouble()).toBeUndefined();
});

it("a network that swallows everything is noticed, and the connection replaced", async () => {
  const { trouble, counts } = start();
  await twoOpen();
  const silenced = slack.sockets.silence();
  const noticed = (): number => lines.filter((line) => line.includes("Slack has been silent for")).length;
  await slack.until(() => noticed() === 2, "the silence of both to be noticed");
  await slack.until(() => trouble() === undefined && counts.at(-1) === 2, "two connections that live");
  silenced.cut();
  expect(await types()).toMatchObject({ outcome: "acked" });
});

it("a goodbye without the end of TCP is one, and both connections are replaced at once", async () => {
  const { counts } = start({ pingEveryMs: 60_000 });
  await slack.until(() => counts.at(-1) === 2, "two connections");
  slack.sockets.goodbye();
  await slack.until(
    () => lines.filter((line) => line.includes("being opened")).length === 2,
    "both to be missed",
  );
  await twoOpen();
  expect(await types()).toMatchObject({ outcome: "acked" });
});

it("after more connections that ended at once than Slack opens in a minute, another is opened within seconds", async () => {
  await flap(start(), 21);
  await slack.until(() => slack.sockets.connected() > 0, "a connection");
  expect(await types()).toMatchObject({ outcome: "acked" });
  expect(slack.calls("apps.connections.open").length).toBeGreaterThanOrEqual(43);
});

it("connections that end at once are opened more and more slowly", async () => {
  const began = performance.now();
  await flap(start({ shortLifePauseMs: 100 }), 16);
  // 100, 200 and 300 ms at least, after twelve without.
  expect(performance.now() - began).toBeGreaterThan(500);
});

it("a Slack that leaves TCP open after its leave is let go all the same", async () => {
  start();
  await twoOpen();
  slack.faults.leaveOpen();
  const socketsOfSlack = (): number => slack.sockets.held();
  slack.sockets.disconnect("warning");
  await twoOpen();
  await slack.until(() => socketsOfSlack() === 2, "the old connections to be gone");
});

it("1,000 commands across 20 renewals of a connection: none is lost, none is handled twice", async () => {
  const { handled, counts } = start();
  await slack.until(() => counts.at(-1) === 2, "two connections");
  slack.faults.leaveOpen();
  const outcomes: string[] = [];
  for (let renewal = 0; renewal < 20; renewal += 1) {
    slack.sockets.disconnect(renewal % 2 === 0 ? "warning" : "refresh_requested", 1);
    const typed = await Promise.all(Array.from({ length: 50 }, () => types()));
    outcomes.push(...typed.map(({ outcome }) => outcome));
    await slack.until(() => counts.at(-1) === 2, "two connections");
  }
  expect(outcomes.filter((outcome) => outcome !== "acked")).toEqual([]);
  expect(handled).toHaveLength(1_000);
  expect(new Set(handled).size).toBe(1_000);
  expect(Math.min(...counts.slice(2))).toBeGreaterThanOrEqual(1);
});

it("what came by a connection that Slack is about to end is still answered there", async () => {
  start();
  await twoOpen();
  slack.faults.leaveOpen();
  const typed = Array.from({ length: 10 }, () => types());
  slack.sockets.disconnect();
  const outcomes = await Promise.all(typed);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(outcomes.map(() => "acked"));
});

it("of three replicas each event goes to one, and what a lost one had not answered to another", async () => {
  const stuck = start({ isStuck: true });
  const others = [start(), start()];
  await slack.until(() => slack.sockets.connected() === 6, "two connections of each");
  for (let number = 0; number < 5; number += 1)
    void slack.sendEvent({ type: "channel_shared", channel: `C${number}` });
  await slack.until(() => stuck.handled.length > 0, "the stuck one to have something");
  stuck.stop();
  const handled = (): readonly unknown[] => others.flatMap((each) => each.handled);
  await slack.until(() => handled().length === 5, "the others to have it all");
  expect(new Set(handled()).size).toBe(5);
  expect(handled()).toEqual(expect.arrayContaining([...stuck.handled]));
});

it.each([
  [
    "a server that speaks no TLS",
    (port: number) => `wss://127.0.0.1:${port}/link/`,
    "it does not speak TLS there",
  ],
  ["a name that nobody has", () => "ws://slack.invalid/link/", "ENOTFOUND"],
])("%s is named", async (_, urlOf, why) => {
  const url = urlOf(Number(new URL(slack.url).port));
  slack.faults.answerOddly(
    "apps.connections.open",
    { body: JSON.stringify({ ok: true, url }), isDone: false },
    2,
  );
  const { trouble } = start();
  await slack.until(() => trouble() !== undefined, "the trouble to be said");
  expect(trouble()).toContain("the WebSocket cannot be opened");
  expect(trouble()).toContain(why);
});
