import { WebClient } from "@slack/web-api";
import { createDirectory } from "../../src/slack/directory/directory.ts";
import type { Channel } from "../../slack-simulator/model.ts";
import { ask, opensBy, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** As they were when all was well. */
let channels: readonly Channel[];
beforeEach(() => {
  channels = world.slack.workspace.channels().filter(({ kind }) => kind === "public" || kind === "private");
});
afterEach(async () => {
  world.slack.faults.clear();
  for (const channel of channels) world.slack.workspace.putChannel(channel);
  for (const name of ["#access-requests", "#orders-approvals"]) await world.slack.channels.unshare(name);
});

/** All that stands in a channel, threads included. */
function texts(name: string): string {
  const id = world.slack.workspace.findChannel(name)?.id ?? "";
  return JSON.stringify(world.slack.workspace.messages(id));
}

it("a channel that becomes shared gets no request from then on; the alerts channel does, and it is said why", async () => {
  const { slack } = world;
  await ask(world, "alice", "orders-db read 1h while it is ours");
  // What was asked about the channel is remembered by now.
  await ask(world, "alice", "orders-db read 1h and ours still");
  await slack.channels.share("#access-requests");
  const message = await ask(world, "alice", "orders-db read 1h a secret plan", "#access-alerts");
  expect(message.buttons).toContain("Approve");
  await threadSays(world, message, "could not be posted in #access-requests");
  await threadSays(world, message, "shared with another company");
  expect(texts("#access-requests")).not.toContain("a secret plan");

  await slack.channels.unshare("#access-requests");
  await ask(world, "alice", "orders-db read 1h ours again");
});

it("what people write about a request is not said in its thread once another company reads there", async () => {
  const { slack } = world;
  const before = slack.channel("#access-alerts").messages().length;
  const message = await ask(world, "alice", "orders-db write 1h it moves", "#orders-approvals");
  await slack.channels.share("#orders-approvals");
  await opensBy(world, "bob", message, "Deny");
  await slack.as("bob").fills("Reason", "the auditors are in");
  await slack.as("bob").submits();
  const moved = await slack.until(
    () => slack.channel("#access-alerts").messages().slice(before)[0],
    "the request in the alerts channel",
  );
  await threadSays(world, moved, "the auditors are in");
  expect(texts("#orders-approvals")).not.toContain("the auditors are in");
});

it("while Slack cannot say whether a channel is shared, the message waits", async () => {
  const { slack } = world;
  await ask(world, "alice", "orders-db read 1h before Slack is asked in vain");
  await slack.channels.unshare("#access-requests");
  slack.faults.failNext("conversations.info", "internal_error", 1_000);
  const asked = slack.calls("conversations.info").length;
  await slack.as("alice").types("/request-access orders-db read 1h nobody knows whose");
  await slack.until(() => slack.calls("conversations.info").length > asked + 1, "Slack to be asked again");
  expect(texts("#access-requests")).not.toContain("nobody knows whose");
  expect(texts("#access-alerts")).not.toContain("nobody knows whose");
  slack.faults.clear();
  await slack.until(() => texts("#access-requests").includes("nobody knows whose"), "the request");
});

it("is asked again after seconds where no event came, once for all who ask at the same moment", async () => {
  const { slack } = world;
  let now = 0;
  const directory = createDirectory(
    new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl }),
    () => now,
  );
  const read = async (): Promise<boolean | undefined> =>
    (await directory.channel("#access-requests"))?.isShared;
  expect(await read()).toBe(false);
  const channel = slack.workspace.findChannel("#access-requests");
  if (!channel) throw new Error("no such channel");
  slack.workspace.putChannel({ ...channel, isExtShared: true });
  now += 6_000;
  const asked = slack.calls("conversations.info").length;
  expect(await Promise.all([1, 2, 3].map(() => directory.channel(channel.id)))).toEqual(
    [1, 2, 3].map(() => expect.objectContaining({ isShared: true })),
  );
  expect(slack.calls("conversations.info")).toHaveLength(asked + 1);
  expect(await read()).toBe(true);
});
