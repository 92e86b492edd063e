import { objectOf } from "../../slack-simulator/json.ts";
import { OTHER_TEAM_ID, TEAM } from "../../slack-simulator/seed.ts";
import { startSlack, type Slack } from "../support/slack.ts";
import type { SlackOptions } from "../../slack-simulator/server.ts";

let slack: Slack;

async function start(options?: SlackOptions): Promise<void> {
  slack = await startSlack(options);
}

afterEach(() => slack.close());

async function call(
  method: string,
  args: object = {},
  token = slack.tokens.bot,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${slack.apiUrl}${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(args),
  });
  expect(response.status).toBe(200);
  const body: Record<string, unknown> = JSON.parse(await response.text());
  return body;
}

const channel = "C0ACCESSREQUESTS";

test("a call needs a known token of the right kind, and the scopes", async () => {
  await start({ scopes: ["chat:write"] });
  const { bot, app } = slack.tokens;
  expect(await call("auth.test", {}, "")).toMatchObject({ ok: false, error: "not_authed" });
  expect(await call("auth.test", {}, "xoxb-wrong")).toMatchObject({ error: "invalid_auth" });
  expect(await call("auth.test", {}, app)).toMatchObject({ error: "not_allowed_token_type" });
  expect(await call("apps.connections.open", {}, bot)).toMatchObject({ error: "not_allowed_token_type" });
  expect(await call("users.info", { user: "U0ALICE" })).toMatchObject({
    error: "missing_scope",
    needed: "users:read",
  });
  expect(await call("auth.test")).toMatchObject({ ok: true, team_id: TEAM.id, user_id: "U0HALLPASS" });
  slack.faults.revokeToken("account_inactive");
  expect(await call("auth.test")).toMatchObject({ error: "account_inactive" });
  slack.faults.clear();
  expect(await call("auth.test")).toMatchObject({ ok: true });
});

test("a form body does as well as JSON, with the token in it", async () => {
  await start();
  const blocks = JSON.stringify([{ type: "divider" }]);
  const body = new URLSearchParams({ token: slack.tokens.bot, channel, text: "hello", blocks });
  const response = await fetch(`${slack.apiUrl}chat.postMessage`, { method: "POST", body });
  expect(await response.json()).toMatchObject({ ok: true, message: { blocks: [{ type: "divider" }] } });
  expect(slack.calls()).toMatchObject([
    { method: "chat.postMessage", args: { channel, blocks: [{ type: "divider" }] } },
  ]);
  expect(slack.calls()[0]?.args).not.toHaveProperty("token");
});

test("an unknown method and a missing argument are named", async () => {
  await start();
  expect(await call("chat.shout")).toMatchObject({ ok: false, error: "unknown_method" });
  expect(await call("toString")).toMatchObject({ ok: false, error: "unknown_method" });
  expect(await call("chat.postMessage", { text: "x" })).toMatchObject({
    error: "invalid_arguments",
    response_metadata: { messages: ["[ERROR] missing required field: channel"] },
  });
});

test.each([
  ["nothing of that name", { channel: "#nowhere", text: "x" }, "channel_not_found"],
  [
    "a private channel the bot was not invited to",
    { channel: "#leads-only", text: "x" },
    "channel_not_found",
  ],
  ["an archived channel", { channel: "#old-requests", text: "x" }, "is_archived"],
  ["somebody deactivated", { channel: "U0DAVE", text: "x" }, "channel_not_found"],
  ["no text at all", { channel: "#general" }, "no_text"],
  ["blocks that are no list", { channel: "#general", text: "x", blocks: "{" }, "invalid_blocks_format"],
  ["markdown and text", { channel: "#general", text: "x", markdown_text: "y" }, "markdown_text_conflict"],
  [
    "half of a metadata",
    { channel: "#general", text: "x", metadata: { event_type: "e" } },
    "invalid_metadata_format",
  ],
])("chat.postMessage refuses %s", async (_what, args, error) => {
  await start();
  expect(await call("chat.postMessage", args)).toMatchObject({ ok: false, error });
  expect(slack.describe()).not.toContain("hallpass: x");
});

test("a public channel without the bot takes messages only with chat:write.public", async () => {
  const seed = { channels: [{ name: "general", members: ["alice"] }] };
  await start({ seed, scopes: ["chat:write"] });
  expect(await call("chat.postMessage", { channel: "#general", text: "x" })).toMatchObject({
    error: "not_in_channel",
  });
  await slack.close();
  await start({ seed });
  expect(await call("chat.postMessage", { channel: "general", text: "x" })).toMatchObject({ ok: true });
});

test("a user id is a direct message, the same one each time", async () => {
  await start();
  const first = await call("chat.postMessage", { channel: "U0ALICE", text: "psst" });
  const opened = await call("conversations.open", { users: "U0ALICE" });
  expect(opened).toMatchObject({ ok: true, channel: { id: first.channel } });
  expect(slack.as("alice").directMessages()).toMatchObject([
    { text: "psst", channel: "@alice", author: "hallpass" },
  ]);
  expect(slack.as("bob").directMessages()).toEqual([]);
  expect(await call("conversations.open", { users: "U0DAVE" })).toMatchObject({ error: "user_disabled" });
  expect(await call("conversations.open", { users: "U0NOBODY" })).toMatchObject({ error: "user_not_found" });
});

test("text without blocks removes the blocks; nobody else's messages can be changed", async () => {
  await start();
  const posted = await call("chat.postMessage", { channel, text: "a", blocks: [{ type: "divider" }] });
  const { ts } = posted;
  expect(await call("chat.update", { channel, ts, text: "b" })).toMatchObject({ ok: true, text: "b" });
  expect(slack.channel("#access-requests").messages()).toMatchObject([
    { visibleText: "b", blocks: [], edited: true },
  ]);
  expect(await call("chat.update", { channel, ts, text: "c".repeat(4001) })).toMatchObject({
    error: "msg_too_long",
  });
  expect(await call("chat.update", { channel, ts: "1.1", text: "c" })).toMatchObject({
    error: "message_not_found",
  });
  await slack.as("alice").types("mine", { in: "#access-requests" });
  const theirs = slack.channel("#access-requests").messages()[1]?.ts;
  expect(await call("chat.update", { channel, ts: theirs, text: "c" })).toMatchObject({
    error: "cant_update_message",
  });
  expect(await call("chat.delete", { channel, ts: theirs })).toMatchObject({ error: "cant_delete_message" });
  expect(await call("chat.delete", { channel, ts })).toMatchObject({ ok: true });
  expect(slack.channel("#access-requests").messages()).toMatchObject([{ text: "mine" }]);
});

test("an ephemeral message reaches only a member, and cannot be updated", async () => {
  await start({ seed: { channels: [{ name: "access-requests", members: ["alice", "hallpass"] }] } });
  const sent = await call("chat.postEphemeral", { channel, user: "U0ALICE", text: "for you" });
  expect(sent).toMatchObject({ ok: true });
  expect(slack.as("alice").ephemerals()).toMatchObject([{ text: "for you", isEphemeral: true }]);
  expect(slack.channel("#access-requests").messages()).toEqual([]);
  expect(await call("chat.update", { channel, ts: sent.message_ts, text: "x" })).toMatchObject({
    error: "message_not_found",
  });
  expect(await call("chat.postEphemeral", { channel, user: "U0BOB", text: "x" })).toMatchObject({
    error: "user_not_in_channel",
  });
});

test("text beyond 40,000 characters is cut with a warning", async () => {
  await start();
  const posted = await call("chat.postMessage", { channel, text: "x".repeat(40_001) });
  expect(posted).toMatchObject({ ok: true, warning: "message_truncated" });
  expect(slack.channel("#access-requests").messages()[0]?.text).toHaveLength(40_000);
});

test("lists come in pages", async () => {
  await start();
  const first = await call("conversations.list", { limit: 2, exclude_archived: "true" });
  expect(first.channels).toMatchObject([{ name: "general" }, { name: "access-requests" }]);
  const cursor = objectOf(first.response_metadata).next_cursor;
  expect(cursor).not.toBe("");
  expect(await call("conversations.list", { limit: 2, cursor })).toMatchObject({
    channels: [{ name: "orders-approvals" }, { name: "access-alerts" }],
  });
  expect(await call("conversations.list", { cursor: "???" })).toMatchObject({ error: "invalid_cursor" });
  const all = await call("users.list");
  expect(all.response_metadata).toEqual({ next_cursor: "" });
});

test("people are who they are: flags, teams, groups", async () => {
  await start();
  const info = async (user: string): Promise<unknown> => (await call("users.info", { user })).user;
  expect(await info("U0ALICE")).toMatchObject({
    tz: "Europe/London",
    profile: { email: "alice@example.com" },
  });
  expect(await info("U0GRETA")).toMatchObject({ is_restricted: true });
  expect(await info("U0DAVE")).toMatchObject({ deleted: true });
  expect(await info("U0SAM")).toMatchObject({ is_stranger: true, team_id: OTHER_TEAM_ID });
  expect(await info("U0SAM")).not.toHaveProperty("profile.email");
  expect(await info("U0HALLPASS")).toMatchObject({ is_bot: true });
  expect(await call("users.lookupByEmail", { email: "Bob@Example.com" })).toMatchObject({
    user: { name: "bob" },
  });
  expect(await call("users.lookupByEmail", { email: "dave@example.com" })).toMatchObject({
    error: "users_not_found",
  });
  expect(await call("usergroups.users.list", { usergroup: "S0SECURITY" })).toMatchObject({
    users: ["U0DANA"],
  });
  expect(await call("usergroups.users.list", { usergroup: "S0" })).toMatchObject({
    error: "no_such_subteam",
  });
  expect(await call("conversations.info", { channel: "C0SHAREDWITHPARTNER" })).toMatchObject({
    channel: { is_ext_shared: true },
  });
});
