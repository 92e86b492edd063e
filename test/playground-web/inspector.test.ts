import { openPage, type Setting } from "./page.ts";

let page: Setting;

beforeEach(async () => {
  page = await openPage();
});

afterEach(() => page.close());

const type = (text: string): ReturnType<Setting["do"]> =>
  page.do({ do: "say", as: "alice", channelId: "C0GENERAL", text });

test("calls and deliveries come with what was asked and answered", async () => {
  await type("/echo hello");
  const inspector = await page.inspector();
  const delivery = await inspector.first((entry) => entry.name === "/echo", "the command");
  expect(delivery).toMatchObject({
    kind: "delivery",
    status: "200",
    problem: null,
    request: { text: "hello" },
    response: "You said: hello",
  });
  expect(Math.abs(Date.now() - delivery.at)).toBeLessThan(60_000);
  const message = { channel: "#general", text: "hello" };
  await page.app.client.apiCall("chat.postMessage", message);
  const call = await inspector.first((entry) => entry.name === "chat.postMessage", "the call");
  expect(call).toMatchObject({ kind: "call", status: "ok", problem: null, request: message });
  expect(JSON.stringify(inspector.all)).not.toContain(page.slack.tokens.bot);
  expect(new Set(inspector.all.map((entry) => entry.id)).size).toBe(inspector.all.length);
});

test("an acknowledgement that comes late amends its entry", async () => {
  await page.close();
  page = await openPage({ ackTimeoutMs: 300 });
  const inspector = await page.inspector();
  await type("/slow");
  const before = await inspector.first((entry) => entry.name === "/slow", "the command");
  expect(before).toMatchObject({
    status: "timeout",
    problem: "not acknowledged; Slack shows an error after 3 s",
  });
  page.app.acknowledgeSlow();
  const after = await inspector.first(
    (entry) => entry.name === "/slow" && entry.status !== "timeout",
    "the late acknowledgement",
  );
  expect(after).toMatchObject({ id: before.id, at: before.at, status: "200" });
  expect(after.problem).toMatch(/^acknowledged after \d+\.\d s; Slack shows an error after 3 s$/);
  const later = await page.inspector();
  await later.first((entry) => entry.name === "/slow", "the command");
  expect(later.all.filter((entry) => entry.name === "/slow")).toEqual([after]);
});

test("what Slack refuses is named with its reasons", async () => {
  const inspector = await page.inspector();
  const post = (args: Record<string, unknown>): Promise<unknown> =>
    page.app.client.apiCall("chat.postMessage", { channel: "#general", text: "x", ...args }).catch(() => {});
  const header = { type: "header", text: { type: "plain_text", text: "h".repeat(151) } };
  await post({ blocks: [header] });
  await post({ thread_ts: "1.2" });
  const refused = await inspector.first((entry) => entry.status === "invalid_blocks", "the refusal");
  expect(refused.problem).toMatch(/^invalid_blocks: .*\/blocks\/0\/text\/text/);
  const warned = await inspector.first(
    (entry) => entry.kind === "call" && entry.problem !== null && entry.status === "ok",
    "the warning",
  );
  expect(warned.problem).toContain("thread_ts 1.2 is no message of general");
});

test("an acknowledgement beyond Slack's limits is a problem of its delivery", async () => {
  const inspector = await page.inspector();
  await type("/echo fine");
  await type("/too-long");
  const entry = await inspector.first(
    (one) => one.name === "/too-long" && one.problem !== null,
    "the problem",
  );
  expect(entry.problem).toContain("/blocks/0/text/text");
  expect(inspector.all.find((one) => one.name === "/echo")).toMatchObject({ problem: null });
});

test("a problem found later amends the entry of its delivery", async () => {
  const inspector = await page.inspector();
  await type("/echo fine");
  const before = await inspector.first((one) => one.name === "/echo", "the delivery");
  page.slack.problems.refused("acknowledgement of /echo", "found later", page.slack.deliveries().at(-1));
  const after = await inspector.first((one) => one.problem !== null, "the problem");
  expect(after).toEqual({ ...before, problem: "found later" });
});

test("a delivery that arrives nowhere says why", async () => {
  page.slack.setAppUrl(undefined);
  const inspector = await page.inspector();
  await type("/echo lost");
  const entry = await inspector.first((one) => one.name === "/echo", "the delivery");
  expect(entry.problem).toBe("not acknowledged: no_request_url");
});

test("whoever comes late gets the last two hundred", async () => {
  const first = await page.inspector();
  for (let count = 0; count < 210; count += 1) await fetch(`${page.slack.apiUrl}call.${count}`);
  await first.first((entry) => entry.name === "call.209", "the last call");
  const second = await page.inspector();
  await second.first((entry) => entry.name === "call.209", "the last call");
  expect(second.all).toHaveLength(200);
  expect(second.all[0]?.name).toBe("call.10");
});
