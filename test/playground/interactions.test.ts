import { textOf } from "../../slack-simulator/json.ts";
import { RESPONSE_URL_LIFETIME_MS } from "../../slack-simulator/response-urls.ts";
import type { SlackOptions } from "../../slack-simulator/server.ts";
import { TRIGGER_LIFETIME_MS } from "../../slack-simulator/triggers.ts";
import { startSlack, type Slack } from "../support/slack.ts";
import { form, startApp, type RunningApp, type Transport } from "./bolt-app.ts";

let slack: Slack;
let app: RunningApp;
let now = 0;

async function start(transport: Transport = "http", options: SlackOptions = {}): Promise<void> {
  now = Date.UTC(2030, 0, 1);
  slack = await startSlack({ now: () => now, ...options });
  app = await startApp(slack, transport);
}

afterEach(async () => {
  await app.stop();
  await slack.close();
});

async function askedMessage(): Promise<ReturnType<Slack["fresh"]>> {
  await slack.as("alice").types("/ask");
  return slack.until(() => slack.channel("#access-requests").messages()[0], "the message");
}

async function trigger(): Promise<string> {
  await slack.as("alice").types("/trigger");
  return app.seen.at(-1)?.replace("trigger ", "") ?? "";
}

async function opened(): Promise<ReturnType<Slack["as"]>> {
  const alice = slack.as("alice");
  await alice.types("/form");
  await slack.until(() => alice.modal(), "the form");
  await alice.chooses("Role", "Read only");
  await alice.chooses("Resource", "Ledger");
  await slack.until(() => alice.modal()?.title === "Request orders", "the changed form");
  return alice;
}

describe("triggers", () => {
  test("a trigger opens one view only", async () => {
    await start();
    const trigger_id = await trigger();
    await app.client.views.open({ trigger_id, view: form() });
    await expect(app.client.views.open({ trigger_id, view: form() })).rejects.toMatchObject({
      data: { error: "exchanged_trigger_id" },
    });
    await expect(app.client.views.open({ trigger_id: "1.2.x", view: form() })).rejects.toMatchObject({
      data: { error: "invalid_trigger_id" },
    });
  });

  test("a trigger lasts three seconds", async () => {
    await start("http", { triggerLifetimeMs: TRIGGER_LIFETIME_MS });
    const first = await trigger();
    now += TRIGGER_LIFETIME_MS;
    await app.client.views.open({ trigger_id: first, view: form() });
    const second = await trigger();
    now += TRIGGER_LIFETIME_MS + 1;
    await expect(app.client.views.open({ trigger_id: second, view: form() })).rejects.toMatchObject({
      data: { error: "expired_trigger_id" },
    });
  });
});

describe("acknowledgements", () => {
  test.each<Transport>(["http", "socket"])(
    "one that comes late is a timeout for the person, over %s",
    async (transport) => {
      await start(transport, { ackTimeoutMs: 300 });
      const alice = slack.as("alice");
      expect(await alice.types("/slow")).toMatchObject({ outcome: "timeout", status: "timeout" });
      expect(alice.ephemerals()).toMatchObject([
        { author: "slackbot", visibleText: '/slow failed with the error "operation_timeout"' },
      ]);
      expect(slack.deliveries()).toMatchObject([{ late: true }]);
      app.acknowledgeSlow();
      await slack.until(() => slack.deliveries()[0]?.status !== "timeout", "the late answer");
      expect(slack.deliveries()).toMatchObject([{ late: true, ackBody: expect.anything() }]);
      expect(slack.deliveries()[0]?.ms).toBeGreaterThanOrEqual(300);
      expect(alice.ephemerals()).toHaveLength(1);
    },
  );

  test("without any connection the person reads dispatch_failed", async () => {
    await start();
    slack.setAppUrl("http://127.0.0.1:9");
    const alice = slack.as("alice");
    expect(await alice.types("/echo x")).toMatchObject({ outcome: "failed", status: "connection_failed" });
    slack.setAppUrl(undefined);
    expect(await alice.types("/echo x")).toMatchObject({ outcome: "failed", status: "no_request_url" });
    expect(alice.ephemerals().map((message) => message.text)).toEqual([
      '/echo failed with the error "dispatch_failed"',
      '/echo failed with the error "dispatch_failed"',
    ]);
  });

  test("a body beyond Slack's limits is refused and noted", async () => {
    await start();
    await slack.as("alice").types("/too-long");
    expect(slack.problems.list()).toMatchObject([
      { severity: "refused", where: "acknowledgement of /too-long" },
    ]);
    expect(slack.problems.list()[0]?.message).toContain("/blocks/0/text/text");
    expect(slack.as("alice").ephemerals()).toMatchObject([{ author: "slackbot" }]);
  });
});

describe("response_url", () => {
  test("answers five times", async () => {
    await start();
    await slack.as("alice").types("/announce 6");
    await slack.until(() => slack.problems.list()[0], "the refusal");
    expect(
      slack
        .as("alice")
        .ephemerals()
        .map((message) => message.text),
    ).toEqual([1, 2, 3, 4, 5].map((n) => `answer ${n}`));
    expect(slack.problems.list()).toMatchObject([{ message: expect.stringContaining("used_url") }]);
  });

  test("answers for thirty minutes, in the channel or in place of the original", async () => {
    await start();
    const message = await askedMessage();
    await slack.as("bob").presses(message, "Deny");
    const url = textOf(slack.deliveries().at(-1)?.payload.response_url);
    const post = (body: object): Promise<Response> =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post({ text: "for all", response_type: "in_channel" })).status).toBe(200);
    expect((await post({ text: "instead", replace_original: true })).status).toBe(200);
    expect(
      slack
        .channel("#access-requests")
        .messages()
        .map((one) => one.visibleText),
    ).toEqual(["instead", "for all"]);
    now += RESPONSE_URL_LIFETIME_MS + 1;
    expect((await post({ text: "too late" })).status).toBe(404);
    expect(slack.channel("#access-requests").messages()).toHaveLength(2);
  });
});

describe("modals", () => {
  test("pile up to three and go back one by one", async () => {
    await start("socket");
    const alice = await opened();
    await alice.fills("Reason", "more");
    expect(await alice.submits()).toMatchObject({ closed: false });
    expect(alice.modal()?.callbackId).toBe("second");
    const [below, top] = slack.workspace.modals(alice.id);
    expect(top).toMatchObject({ previousId: below?.id, rootId: below?.id });
    await app.client.views.push({ trigger_id: await trigger(), view: form() });
    await expect(app.client.views.push({ trigger_id: await trigger(), view: form() })).rejects.toMatchObject({
      data: { error: "push_limit_reached" },
    });
    expect(slack.workspace.modals(alice.id)).toHaveLength(3);
    await alice.closes();
    await alice.closes();
    expect(alice.modal()?.callbackId).toBe("ask");
    await alice.closes();
    expect(alice.modal()).toBeUndefined();
  });

  test("an update with an old hash is refused", async () => {
    await start();
    const alice = await opened();
    const [view] = slack.workspace.modals(alice.id);
    const view_id = view?.id ?? "";
    await app.client.views.update({ view_id, hash: view?.hash ?? "", view: form() });
    await expect(
      app.client.views.update({ view_id, hash: view?.hash ?? "", view: form() }),
    ).rejects.toMatchObject({ data: { error: "hash_conflict" } });
    await alice.closes();
    await expect(app.client.views.update({ view_id, view: form() })).rejects.toMatchObject({
      data: { error: "not_found" },
    });
  });

  test("errors for a field that is not there leave the form in trouble", async () => {
    await start();
    const alice = await opened();
    await alice.fills("Reason", "stray");
    expect(await alice.submits()).toMatchObject({ closed: false });
    expect(alice.modal()?.failure).toMatch(/trouble/);
    expect(slack.problems.list()).toMatchObject([{ where: "acknowledgement of view_submission" }]);
  });

  test("what is longer than the field allows is not sent", async () => {
    await start();
    const alice = await opened();
    await alice.fills("Reason", "x".repeat(301));
    const before = slack.deliveries().length;
    expect(await alice.submits()).toMatchObject({
      outcome: "not_sent",
      errors: { Reason: "Must be at most 300 characters." },
    });
    expect(slack.deliveries()).toHaveLength(before);
  });

  test("the app hears of a closed modal only where it asked", async () => {
    await start();
    const alice = slack.as("alice");
    await alice.types("/trigger");
    const trigger_id = app.seen.at(-1)?.replace("trigger ", "") ?? "";
    await app.client.views.open({ trigger_id, view: form({ callback_id: "told", notify_on_close: true }) });
    expect(await alice.closes()).toMatchObject({ outcome: "acked" });
    expect(app.seen).toContain("closed false");
    const other = await opened();
    expect(await other.closes()).toMatchObject({ outcome: "not_sent" });
  });
});

describe("who presses", () => {
  test("a stranger's click arrives with the stranger's team; a guest outside sees no message", async () => {
    await start();
    const shared = "C0SHAREDWITHPARTNER";
    const block = {
      type: "actions",
      elements: [{ type: "button", action_id: "approve", text: { type: "plain_text", text: "Approve" } }],
    };
    await app.client.apiCall("chat.postMessage", { channel: shared, text: "x", blocks: [block] });
    const message = slack.channel("#shared-with-partner").messages()[0];
    if (message === undefined) throw new Error("no message");
    await slack.as("sam").presses(message, "Approve");
    expect(app.seen.at(-1)).toContain("approve U0SAM T0STRANGER");
    expect(slack.deliveries().at(-1)?.payload).toMatchObject({
      team: { id: "T0STRANGER" },
      user: { team_id: "T0STRANGER" },
    });
    const inside = await askedMessage();
    await expect(slack.as("sam").presses(inside, "Approve")).rejects.toThrow("sam cannot see that message");
  });

  test("several clicks are several payloads, one payload delivered twice is the same one", async () => {
    await start();
    const message = await askedMessage();
    const clicks = await slack.as("bob").presses(message, "Approve", { times: 3, concurrently: true });
    expect(clicks.all).toHaveLength(3);
    expect(new Set(app.seen.filter((line) => line.startsWith("approve"))).size).toBe(3);

    await askedMessage();
    const another = await slack.until(
      () => slack.channel("#access-requests").messages()[1],
      "another message",
    );
    await slack.as("carol").presses(another, "Approve", { deliverTimes: 2, how: "in sequence" });
    const [first, second] = app.seen.filter((line) => line.includes("U0CAROL"));
    expect(first).toContain("retry 0");
    expect(second).toBe(first?.replace("retry 0", "retry 1"));
  });
});
