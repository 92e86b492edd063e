import { setImmediate } from "node:timers/promises";
import { PEOPLE } from "../../slack-simulator/seed.ts";
import { startSlack, type Slack } from "../support/slack.ts";
import { startApp, type RunningApp } from "./bolt-app.ts";

let slack: Slack;
let app: RunningApp;

beforeEach(async () => {
  slack = await startSlack();
  app = await startApp(slack, "http");
});

afterEach(async () => {
  await app.stop();
  await slack.close();
});

test("a file uploaded the modern way can be read by those in the channel", async () => {
  await app.client.filesUploadV2({
    channel_id: "C0ACCESSAUDIT",
    initial_comment: "The export",
    filename: "audit.csv",
    content: "who,what\nalice,orders-db\n",
  });
  expect(slack.files()).toMatchObject([
    { name: "audit.csv", content: "who,what\nalice,orders-db\n", channels: ["#access-audit"] },
  ]);
  expect(slack.channel("#access-audit").messages()).toMatchObject([
    { text: "The export", files: [{ name: "audit.csv" }] },
  ]);
  expect(slack.as("dana").files()).toHaveLength(1);
  expect(slack.as("sam").files()).toEqual([]);
});

test("replies stand in the thread of their message", async () => {
  await app.client.apiCall("chat.postMessage", { channel: "#general", text: "asked" });
  const root = slack.channel("#general").messages()[0];
  if (root === undefined) throw new Error("no message");
  await app.client.apiCall("chat.postMessage", {
    channel: "#general",
    text: "granted",
    thread_ts: root.ts,
  });
  expect(slack.thread(root)).toMatchObject([{ text: "granted", threadTs: root.ts }]);
  expect(slack.channel("#general").messages()).toMatchObject([{ text: "asked" }]);
  await expect(slack.as("alice").types("/echo x", { thread: root })).rejects.toThrow(
    "no slash commands in threads",
  );
});

test("the Home tab shows what the app published", async () => {
  const alice = slack.as("alice");
  await alice.opensHome();
  await slack.until(() => alice.home(), "the Home tab");
  expect(alice.home()?.text).toBe("Nothing yet");
  expect(slack.as("bob").home()).toBeUndefined();
});

test("waiting in vain tells what Slack shows", async () => {
  await slack.as("alice").types("/ask");
  await slack.until(() => slack.channel("#access-requests").messages()[0], "the message");
  await slack.as("bob").types("/echo hm");
  const waiting = slack.until(() => false, "the cows", 50);
  await expect(waiting).rejects.toThrow(
    /50 ms for the cows[^]*#access-requests:\n  hallpass: \*Alice\*[^]*\[Approve\] \[Deny\]/,
  );
  await expect(waiting).rejects.toThrow(/only bob sees:\n  hallpass: You said: hm/);
});

test("a condition is looked at on each change, without waiting for the clock", async () => {
  const seen = slack.until(() => slack.channel("#general").messages()[0], "a message");
  await app.client.apiCall("chat.postMessage", { channel: "#general", text: "now" });
  expect(await Promise.race([seen, setImmediate("not yet seen")])).toMatchObject({ text: "now" });
});

test("mistakes of the test name what there is", async () => {
  const alice = slack.as("alice");
  expect(() => slack.as("nobody")).toThrow(/No user "nobody"; there are "alice", "alice2", "bob"/);
  await expect(alice.types("/echo x", { in: "#nowhere" })).rejects.toThrow(
    /No channel #nowhere; there are "general"/,
  );
  await expect(alice.submits()).rejects.toThrow("alice has no modal open");
  await alice.types("/form");
  await slack.until(() => alice.modal(), "the form");
  await expect(alice.chooses("Role", "Admin")).rejects.toThrow(
    '"Role" does not offer "Admin"; it offers "Read only", "Read and write"',
  );
  await expect(async () => alice.fills("Why", "x")).rejects.toThrow(
    'No field "Why"; there are "Resource", "Role", "Reason"',
  );
});

test("raw requests reach the app as they are", async () => {
  const user = slack.workspace.user("U0ALICE");
  const channel = slack.workspace.findChannel("#general");
  if (user === undefined || channel === undefined) throw new Error("expected Alice and #general");
  const payload = slack.payloads.command(user, channel, "/echo", "raw");
  expect(await slack.raw.deliver("slash_commands", payload)).toMatchObject({
    status: 200,
    body: "You said: raw",
  });
  const body = new URLSearchParams({ command: "/echo", text: "x" }).toString();
  expect(await slack.raw.post({ body, sign: false })).toMatchObject({ status: 401 });
  expect(await slack.raw.post({ body, sign: "wrong secret" })).toMatchObject({ status: 401 });
  expect(await slack.raw.post({ body, timestamp: Math.trunc(Date.now() / 1000) - 360 })).toMatchObject({
    status: 401,
  });
  expect(
    (await slack.raw.post({ body: "{", contentType: "application/json" })).status,
  ).toBeGreaterThanOrEqual(400);
});

test("Slack knows only the commands of the manifest, where it is told them", async () => {
  const strict = await startSlack({ commands: ["/echo"] });
  expect(await strict.as("alice").types("/ehco x")).toMatchObject({ outcome: "not_sent" });
  expect(strict.as("alice").ephemerals()).toMatchObject([{ text: "/ehco is not a valid command." }]);
  expect(strict.deliveries()).toEqual([]);
  await strict.close();
});

test("a message to the bot and a mention reach the app, other talk does not", async () => {
  const alice = slack.as("alice");
  expect(await alice.types("hello all", { in: "#general" })).toMatchObject({ outcome: "not_sent" });
  await alice.types("<@U0HALLPASS> help", { in: "#general" });
  await alice.types("help", { in: "@hallpass" });
  expect(slack.deliveries().map((delivery) => delivery.type)).toEqual(["app_mention", "message"]);
  expect(alice.directMessages()).toMatchObject([{ author: "alice", text: "help" }]);
});

test("a workspace can be seeded otherwise", async () => {
  const other = await startSlack({
    seed: {
      people: [...PEOPLE, { name: "zoe", isUltraRestricted: true }],
      channels: [{ name: "only" }],
    },
  });
  expect(other.workspace.users().map((user) => user.name)).toEqual([
    ...PEOPLE.map((person) => person.name),
    "zoe",
    "hallpass",
  ]);
  expect(other.channel("#only").messages()).toEqual([]);
  await other.close();
});
