import type { Deed, Done, MessageCard, Screen, ViewCard } from "../../playground/protocol.ts";
import { openPage, type Setting } from "./page.ts";

let page: Setting;

beforeEach(async () => {
  page = await openPage();
});

afterEach(() => page.close());

const ok: Done = { ok: true };
const messages = (screen: Screen): readonly MessageCard[] => Object.values(screen.messages).flat();

async function say(as: string, text: string, channelId = "C0GENERAL"): Promise<Done> {
  return page.do({ do: "say", as, channelId, text });
}

async function asked(): Promise<MessageCard> {
  await say("alice", "/ask");
  const screen = await (await page.screen("bob")).first((one) => messages(one).length > 0, "the request");
  const [message] = messages(screen);
  if (message === undefined) throw new Error("no message");
  return message;
}

function click(as: string, message: MessageCard, actionId: string): Extract<Deed, { do: "press" }> {
  const { channelId, ts } = message;
  return { do: "press", as, place: { kind: "message", channelId, ts }, blockId: "decision", actionId };
}

async function opened(): Promise<ViewCard> {
  await say("alice", "/form");
  const screen = await (await page.screen("alice")).first((one) => one.modals.length > 0, "the form");
  const [view] = screen.modals;
  if (view === undefined) throw new Error("no form");
  return view;
}

const within = (view: ViewCard, id: string) =>
  ({ as: "alice", place: { kind: "view", viewId: view.id }, blockId: id, actionId: id }) as const;

describe("saying", () => {
  test("a message stands in the channel as Slack keeps it, also where no app is connected", async () => {
    page.slack.setAppUrl(undefined);
    const bob = await page.screen("bob");
    expect(await say("alice", "@hallpass: 1 < 2 & see #general, a@b.example")).toEqual(ok);
    const text = "<@U0HALLPASS>: 1 &lt; 2 &amp; see <#C0GENERAL>, a@b.example";
    await bob.first((screen) => messages(screen).some((one) => one.text === text), "the message");
    expect(page.slack.deliveries().at(-1)).toMatchObject({ type: "app_mention" });
  });

  test("a reply stands in its thread; a slash command there is refused", async () => {
    await say("alice", "root");
    const [root] = page.slack.channel("#general").messages();
    if (root === undefined) throw new Error("no message");
    const deed = { do: "say", as: "bob", channelId: root.channelId, threadTs: root.ts } as const;
    expect(await page.do({ ...deed, text: "reply" })).toEqual(ok);
    expect(page.slack.thread(root)).toMatchObject([{ author: "bob", text: "reply" }]);
    expect(await page.do({ ...deed, text: "/echo x" })).toEqual({
      ok: false,
      why: "Slack takes no slash commands in threads",
    });
    expect(await page.do({ ...deed, text: "lost", threadTs: "1.2" })).toMatchObject({ ok: false });
    expect(page.slack.thread(root)).toHaveLength(1);
  });

  test("a command nobody answers in time is Slackbot's to tell", async () => {
    await page.close();
    page = await openPage({ ackTimeoutMs: 300 });
    expect(await say("alice", "/slow")).toEqual(ok);
    expect(page.slack.as("alice").ephemerals()).toMatchObject([
      { author: "slackbot", text: '/slow failed with the error "operation_timeout"' },
    ]);
    page.app.acknowledgeSlow();
    await page.slack.until(() => page.slack.deliveries()[0]?.status !== "timeout", "the late answer");
  });

  test.each([
    ["sam", "C0GENERAL", "Sam Stranger sees no channel C0GENERAL"],
    ["alice", "C0LEADSONLY", "Alice Archer sees no channel C0LEADSONLY"],
    ["alice", "C0OLDREQUESTS", "#old-requests is archived: nobody can write there"],
    ["mallory", "C0GENERAL", 'There is no "mallory" to be here'],
    ["dave", "C0GENERAL", "Dave Departed is deactivated: Slack has signed them out. Be somebody else."],
  ])("%s says nothing in %s", async (as, channelId, why) => {
    expect(await say(as, "hello", channelId)).toEqual({ ok: false, why });
    expect(page.slack.workspace.messages(channelId)).toEqual([]);
  });
});

describe("pressing", () => {
  test("a button tells the app who pressed it", async () => {
    const message = await asked();
    expect(await page.do(click("bob", message, "approve"))).toEqual(ok);
    await page.slack.until(() => page.slack.fresh(message).text === "Approved", "the approval");
    expect(page.app.seen.at(-1)).toContain("approve U0BOB");
  });

  test("nobody presses what they cannot see or what is not there", async () => {
    const message = await asked();
    const before = page.slack.deliveries().length;
    expect(await page.do(click("sam", message, "approve"))).toEqual({
      ok: false,
      why: "sam cannot see that message in #access-requests",
    });
    expect(await page.do(click("dave", message, "approve"))).toMatchObject({ ok: false });
    expect(await page.do(click("bob", message, "destroy"))).toEqual({
      ok: false,
      why: "That button is not there any more",
    });
    expect(page.slack.deliveries()).toHaveLength(before);
    expect(page.slack.fresh(message).text).not.toBe("Approved");
  });

  test("a click that goes nowhere is told in Slack's words", async () => {
    const message = await asked();
    page.slack.setAppUrl("http://127.0.0.1:9");
    expect(await page.do(click("bob", message, "approve"))).toEqual({
      ok: false,
      why: "We had some trouble connecting. Try again? (dispatch_failed: Hallpass could not be reached, connection_failed)",
    });
  });
});

describe("forms", () => {
  test("a form is searched, filled in and sent; the app hears what it asked to hear", async () => {
    const view = await opened();
    const resource = within(view, "resource");
    const suggested = await page.do({ do: "suggest", ...resource, typed: "led" });
    expect(suggested).toEqual({
      ok: true,
      options: [{ text: { type: "plain_text", text: "Ledger" }, value: "ledger" }],
    });
    const [option] = suggested.ok ? (suggested.options ?? []) : [];
    if (option === undefined) throw new Error("no option");
    const chosen = { type: "external_select", selected_option: option };
    expect(await page.do({ do: "enter", ...resource, value: chosen })).toEqual(ok);
    await page.slack.until(() => page.slack.as("alice").modal()?.title === "Request orders", "the new form");

    const role = { type: "static_select", selected_option: { value: "read" } };
    expect(await page.do({ do: "enter", ...within(view, "role"), value: role })).toEqual(ok);
    const told = page.slack.deliveries().length;
    expect(await page.do({ do: "submit", as: "alice", viewId: view.id })).toEqual(ok);
    expect(page.slack.deliveries()).toHaveLength(told);
    const alice = await page.screen("alice");
    const complained = await alice.first(
      (screen) => Object.keys(screen.modals[0]?.errors ?? {}).length > 0,
      "the complaint",
    );
    expect(complained.modals[0]).toMatchObject({
      errors: { reason: "Please complete this required field." },
      values: { role: { role: { selected_option: { text: { text: "Read only" }, value: "read" } } } },
    });

    const reason = { type: "plain_text_input", value: "because" };
    expect(await page.do({ do: "enter", ...within(view, "reason"), value: reason })).toEqual(ok);
    expect(page.slack.deliveries()).toHaveLength(told);
    expect(await page.do({ do: "submit", as: "alice", viewId: view.id })).toEqual(ok);
    expect(page.app.seen.at(-1)).toBe("submitted read because kept");
    expect(page.slack.workspace.modals("U0ALICE")).toEqual([]);
  });

  test("nobody fills in or sends another's form, nor chooses what is not offered", async () => {
    const view = await opened();
    const value = { type: "plain_text_input", value: "mine now" };
    expect(await page.do({ do: "enter", ...within(view, "reason"), as: "bob", value })).toMatchObject({
      ok: false,
    });
    expect(await page.do({ do: "submit", as: "bob", viewId: view.id })).toEqual({
      ok: false,
      why: "That window is not open any more",
    });
    expect(await page.do({ do: "close", as: "bob", viewId: view.id })).toMatchObject({ ok: false });
    const role = { type: "static_select", selected_option: { value: "admin" } };
    expect(await page.do({ do: "enter", ...within(view, "role"), value: role })).toEqual({
      ok: false,
      why: '"Role" does not offer {"value":"admin"}',
    });
    expect(await page.do({ do: "enter", ...within(view, "role"), value })).toMatchObject({ ok: false });
    expect(page.slack.workspace.modals("U0ALICE")[0]?.values).toEqual(view.values);
  });

  test("a form that went nowhere says so itself; Cancel closes it", async () => {
    const view = await opened();
    page.slack.views.change(page.slack.views.find(view.id) ?? never(), {
      values: {
        resource: { resource: { type: "external_select", selected_option: { value: "ledger" } } },
        role: { role: { type: "static_select", selected_option: { value: "read" } } },
        reason: { reason: { type: "plain_text_input", value: "because" } },
      },
    });
    page.slack.setAppUrl(undefined);
    expect(await page.do({ do: "submit", as: "alice", viewId: view.id })).toEqual(ok);
    const alice = await page.screen("alice");
    const shown = await alice.first(() => true, "the form");
    expect(shown.modals[0]?.failure).toBe("We had some trouble connecting. Try again?");
    expect(await page.do({ do: "close", as: "alice", viewId: view.id })).toEqual(ok);
    await alice.first((screen) => screen.modals.length === 0, "the form to go");
  });
});

test("the Home tab is what the app publishes", async () => {
  const alice = await page.screen("alice");
  expect(await page.do({ do: "open_home", as: "alice" })).toEqual(ok);
  const screen = await alice.first((one) => one.home !== null, "the Home tab");
  expect(screen.home).toMatchObject({ kind: "home", errors: {}, failure: null });
});

test("SQL runs as the person, unless they are deactivated", async () => {
  expect(await page.do({ do: "sql", as: "alice", sql: "select 1" })).toEqual({
    ok: true,
    sql: { kind: "done", text: "SELECT 0" },
  });
  expect(await page.do({ do: "sql", as: "dave", sql: "select 2" })).toMatchObject({ ok: false });
  expect(page.behind.sql).toEqual(["alice: select 1"]);
});

describe("the clock", () => {
  test("moves on by so much, or past what ends next", async () => {
    expect(await page.do({ do: "move_clock", by: "to_next" })).toMatchObject({ ok: false });
    expect(page.behind.advancedMs).toBe(0);
    const alice = await page.screen("alice");
    expect(await page.do({ do: "move_clock", by: 60_000 })).toEqual(ok);
    await alice.first((screen) => screen.clock.aheadMs === 60_000, "the minute");
    page.behind.next = { at: 1_500_000, what: "Alice's access" };
    expect(await page.do({ do: "move_clock", by: "to_next" })).toEqual(ok);
    expect(page.behind.advancedMs).toBe(60_000 + 501_000);
  });
});

describe("faults", () => {
  test("are switched each on its own", async () => {
    const alice = await page.screen("alice");
    await page.do({ do: "switch_fault", fault: "rate_limited", on: true });
    await page.do({ do: "switch_fault", fault: "duplicates", on: true });
    await page.do({ do: "switch_fault", fault: "rate_limited", on: false });
    await alice.first((screen) => screen.faults.duplicates && !screen.faults.rate_limited, "the switches");
    await say("alice", "/trigger");
    expect(page.app.seen).toHaveLength(2);
    await expect(page.app.client.auth.test()).resolves.toMatchObject({ ok: true });
  });

  test("a rate limit stands until it is switched off", async () => {
    await page.do({ do: "switch_fault", fault: "rate_limited", on: true });
    const call = (): Promise<Response> => fetch(`${page.slack.apiUrl}auth.test`, { method: "POST" });
    for (let count = 0; count < 20; count += 1) {
      const answer = await call();
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "5"]);
    }
    await page.do({ do: "switch_fault", fault: "rate_limited", on: false });
    expect((await call()).status).toBe(200);
  });

  test("the guarded database's network is the stage's to cut", async () => {
    await page.do({ do: "switch_fault", fault: "provider_down", on: true });
    expect(page.behind.isProviderDown).toBe(true);
    await page.do({ do: "switch_fault", fault: "down", on: true });
    expect((await fetch(`${page.slack.apiUrl}auth.test`)).status).toBe(503);
    await page.do({ do: "switch_fault", fault: "provider_down", on: false });
    expect(page.behind.isProviderDown).toBe(false);
    expect((await fetch(`${page.slack.apiUrl}auth.test`)).status).toBe(503);
  });
});

function never(): never {
  throw new Error("expected it to be there");
}
