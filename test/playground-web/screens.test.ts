import { mock } from "node:test";
import type { MessageCard, Screen } from "../../playground/protocol.ts";
import { openPage, type Setting } from "./page.ts";

let page: Setting;

beforeEach(async () => {
  page = await openPage();
});

afterEach(async () => {
  mock.restoreAll();
  await page.close();
});

const names = (screen: Screen): readonly string[] => screen.channels.map((channel) => channel.name);
const messages = (screen: Screen): readonly MessageCard[] => Object.values(screen.messages).flat();
const says = (text: string) => (screen: Screen) => messages(screen).some((message) => message.text === text);
const now = async (as: string): Promise<Screen> =>
  (await page.screen(as)).first(() => true, `the screen of ${as}`);

describe("who sees what", () => {
  test("a full member sees public channels and their direct messages, a lead the private channel too", async () => {
    const alice = await now("alice");
    expect(alice).toMatchObject({ as: "alice", isConnected: true, home: null, modals: [] });
    expect(names(alice)).toEqual([
      "general",
      "access-requests",
      "orders-approvals",
      "access-alerts",
      "access-audit",
      "shared-with-partner",
      "old-requests",
      "Hallpass",
    ]);
    expect(alice.channels.at(-2)).toMatchObject({ isArchived: true });
    expect(alice.channels.at(-1)).toMatchObject({ kind: "direct" });
    expect(names(await now("bob"))).toContain("leads-only");
    expect((await now("bob")).channels.filter((channel) => channel.kind === "direct")).toHaveLength(1);
  });

  test("a stranger sees the shared channel only", async () => {
    const sam = await now("sam");
    expect(sam.channels).toMatchObject([{ name: "shared-with-partner", isShared: true }]);
    expect(Object.keys(sam.messages)).toEqual(["C0SHAREDWITHPARTNER"]);
  });

  test("a guest sees only where they were let in", async () => {
    const general = page.slack.workspace.findChannel("general");
    if (general === undefined) throw new Error("no channel");
    const members = general.members.filter((id) => id !== "U0GRETA");
    page.slack.workspace.putChannel({ ...general, members });
    const greta = await now("greta");
    expect(names(greta)).not.toContain("general");
    expect(names(greta)).toContain("access-requests");
    expect(greta.messages).not.toHaveProperty(general.id);
  });

  test("whoever is deactivated sees nothing, from the moment they are", async () => {
    expect(await now("dave")).toMatchObject({ channels: [], messages: {}, modals: [], home: null });
    const bob = await page.screen("bob");
    await page.slack.changeUser("bob", { deleted: true });
    const signedOut = await bob.first((screen) => screen.channels.length === 0, "bob to be signed out");
    expect(messages(signedOut)).toEqual([]);
    expect(signedOut.people.find((person) => person.name === "bob")).toMatchObject({ isDeactivated: true });
  });

  test("an ephemeral message is its reader's alone, a direct message theirs and the bot's", async () => {
    const [alice, bob] = [await page.screen("alice"), await page.screen("bob")];
    await page.do({ do: "say", as: "alice", channelId: "C0GENERAL", text: "/echo hush" });
    await page.app.client.apiCall("chat.postMessage", { channel: "U0ALICE", text: "psst" });
    await page.app.client.apiCall("chat.postMessage", { channel: "#general", text: "to all" });
    const hers = await alice.first(says("to all"), "the message to all");
    expect(messages(hers).map(({ text, isEphemeral }) => ({ text, isEphemeral }))).toEqual([
      { text: "You said: hush", isEphemeral: true },
      { text: "to all", isEphemeral: false },
      { text: "psst", isEphemeral: false },
    ]);
    const his = await bob.first(says("to all"), "the message to all");
    expect(messages(his).map((message) => message.text)).toEqual(["to all"]);
  });

  test("nobody of that name is a 404 that names those there are", async () => {
    const answer = await page.raw("/api/screen?as=mallory");
    expect(answer).toMatchObject({ status: 404 });
    expect(answer.body).toContain('There is no "mallory" here; there are alice, bob');
    // Known to Slack, but nobody one can be.
    expect(await page.raw("/api/screen?as=carol")).toMatchObject({ status: 404 });
  });
});

describe("when a screen is sent", () => {
  test("many changes at once are one screen", async () => {
    const alice = await page.screen("alice");
    await alice.first(() => true, "the first screen");
    const before = alice.all.length;
    for (let count = 1; count <= 50; count += 1) {
      void page.slack.as("bob").types(`note ${count}`, { in: "#general" });
    }
    const last = await alice.first(says("note 50"), "the last note");
    expect(messages(last)).toHaveLength(50);
    expect(alice.all.length - before).toBeLessThanOrEqual(2);
  });

  test("what does not announce itself is looked for, and nothing is sent while all is as it was", async () => {
    const [alice, bob] = [await page.screen("alice"), await page.screen("bob")];
    const roles = [{ role: "orders_read", title: "Read only", members: ["alice"] }];
    const { looks } = page.behind;
    await page.slack.until(() => page.behind.looks >= looks + 2, "two more looks");
    const before = alice.all.length;
    expect(before).toBeLessThanOrEqual(2);
    page.behind.roles = roles;
    page.behind.next = { at: 2_000_000, what: "Alice's access" };
    const seen = await alice.first((screen) => screen.clock.next !== null, "the deadline");
    expect(seen).toMatchObject({
      orders: { login: "postgresql://alice@127.0.0.1:5432/orders", roles },
      clock: { aheadMs: 0, next: { at: 2_000_000 } },
    });
    const his = await bob.first((screen) => screen.clock.next !== null, "the deadline");
    expect(his.orders).toEqual({ login: null, roles });
  });

  test("an outage of the databases leaves what was seen last", async () => {
    const alice = await page.screen("alice");
    await alice.first((screen) => screen.orders.roles.length === 1, "the roles");
    const silenced = mock.method(console, "error", () => undefined);
    const roles = mock.method(page.stage.orders, "roles", () => Promise.reject(new Error("gone")));
    await page.slack.until(() => roles.mock.callCount() >= 2, "two looks in vain");
    page.behind.next = { at: 3_000_000, what: "the rest goes on" };
    const seen = await alice.first((screen) => screen.clock.next !== null, "the rest");
    expect(seen.orders.roles).toHaveLength(1);
    expect(silenced.mock.callCount()).toBe(1);
  });
});

test("the guide is ticked off from what happened, and only by whom it is about", async () => {
  const ticked = (screen: Screen): readonly string[] =>
    screen.guide.filter((step) => step.isDone).map((step) => step.id);
  const by = (type: string, name: string | null): number =>
    page.behind.events.push({ type, actorEmail: name === null ? null : `${name}@example.com` });
  const alice = await page.screen("alice");
  const first = await alice.first(() => true, "the screen");
  expect(ticked(first)).toEqual([]);
  expect(first.guide.map((step) => step.offer)).toEqual([
    {
      kind: "command",
      channelId: "C0ACCESSREQUESTS",
      text: "/request-access orders-db read 1h checking INC-7",
    },
    { kind: "channel", channelId: "C0ACCESSREQUESTS" },
    { kind: "sql", text: "select * from orders limit 5" },
    { kind: "clock" },
    { kind: "command", channelId: "C0ACCESSREQUESTS", text: "/access-audit export" },
  ]);

  by("request.created", "bob");
  by("request.approved", null);
  by("request.approved", "alice");
  by("grant.revoked", null);
  by("audit.exported", "alice");
  page.behind.queriesThatWorked = 1;
  expect(ticked(await alice.first((screen) => ticked(screen).length > 0, "a tick"))).toEqual(["query"]);

  by("request.created", "alice");
  by("request.approved", "bob");
  by("audit.exported", "dana");
  page.behind.advancedMs = 1;
  await alice.first((screen) => ticked(screen).length === 5, "all five ticks");
});
