import { pino } from "pino";
import { AskedToWait } from "../../src/groups/pause.ts";
import { ChannelError } from "../../src/slack/client/errors.ts";
import { type ChannelList, createChannelList } from "../../src/slack/directory/channel-list.ts";
import { createWebClient } from "../../src/slack/client/web-client.ts";
import { type Slack, startSlack } from "../support/slack.ts";

let slack: Slack;
let list: ChannelList;
let now: number;

beforeEach(async () => {
  slack = await startSlack();
  now = 0;
  const calling = { botToken: slack.tokens.bot, apiUrl: slack.apiUrl, log: pino({ level: "silent" }) };
  list = createChannelList(createWebClient(calling), () => now);
});
afterEach(() => slack.close());

/** As many channels as fill 25 pages, and one that was archived. */
function manyChannels(): void {
  const { workspace } = slack;
  const [like] = workspace.channels();
  if (!like) throw new Error("there is no channel");
  const given = workspace.channels().filter(({ kind }) => kind === "public").length;
  for (let number = given; number < 250; number += 1)
    workspace.putChannel({ ...like, id: `C0MANY${number}`, name: `many-${number}`, isArchived: false });
  workspace.putChannel({ ...like, id: "C0OLD", name: "old", isArchived: true });
  slack.faults.limitPages(10);
}

const pages = (): number =>
  slack.calls("conversations.list").filter(({ httpStatus }) => httpStatus === 200).length;

it("a channel of the 25th page is found, and then any other without asking again", async () => {
  manyChannels();
  expect(await list.find("many-249")).toBe("C0MANY249");
  expect(await list.find("many-100")).toBe("C0MANY100");
  expect(pages()).toBe(25);
  expect(await list.find("old")).toBeUndefined();
});

it("what was read before Slack asked to wait is not read again", async () => {
  manyChannels();
  slack.faults.slow(20, ["conversations.list"]);
  const first = list.find("many-249");
  await slack.until(() => pages() >= 5, "some pages");
  slack.faults.rateLimit("conversations.list", 30);
  await expect(first).rejects.toThrow(AskedToWait);
  await expect(list.find("many-249")).rejects.toThrow(AskedToWait);
  now += 30_000;
  expect(await list.find("many-249")).toBe("C0MANY249");
  expect(pages()).toBe(25);
});

it("who has looked for a name for too long is told so, and who looks later still finds it", async () => {
  manyChannels();
  slack.faults.rateLimit("conversations.list", 20, 3);
  for (let look = 0; look < 2; look += 1) {
    await expect(list.find("many-9")).rejects.toThrow(AskedToWait);
    now += 20_000;
  }
  const late = list.find("many-9");
  await expect(late).rejects.toThrow(ChannelError);
  await expect(late).rejects.toThrow("the channel #many-9 has not been found in 40 s");
  now += 20_000;
  expect(await list.find("many-9")).toBe("C0MANY9");
});

it("who has waited for one channel does not wait as long for the one in its stead", async () => {
  manyChannels();
  slack.faults.rateLimit("conversations.list", 20, 10);
  for (let look = 0; look < 2; look += 1) {
    await expect(list.find("many-9")).rejects.toThrow(AskedToWait);
    now += 20_000;
  }
  await expect(list.find("many-9")).rejects.toThrow(ChannelError);
  await expect(list.find("many-8")).rejects.toThrow(ChannelError);
});

it("a list that never ends is given up", async () => {
  for (let number = 0; number < 1_100; number += 1) {
    const metadata = { next_cursor: `cursor ${number}` };
    const body = JSON.stringify({ ok: true, channels: [], response_metadata: metadata });
    slack.faults.answerOddly("conversations.list", { body, isDone: false });
  }
  expect(await list.find("nowhere")).toBeUndefined();
  expect(pages()).toBe(1_000);
});

it("a name that has gone to another channel is found there", async () => {
  expect(await list.find("access-requests")).toBe("C0ACCESSREQUESTS");
  const { workspace } = slack;
  const channel = workspace.findChannel("#access-requests");
  if (!channel) throw new Error("there is no channel");
  workspace.putChannel({ ...channel, name: "access-requests-2025" });
  workspace.putChannel({ ...channel, id: "C0NEW" });
  now += 1;
  list.forget("access-requests");
  expect(await list.find("access-requests")).toBe("C0NEW");
});

it("a cursor that Slack does not know any more begins anew, and one that it repeats ends", async () => {
  manyChannels();
  await list.find("many-15");
  slack.faults.failNext("conversations.list", "invalid_cursor");
  await expect(list.find("many-100")).rejects.toThrow("invalid_cursor");
  expect(await list.find("many-100")).toBe("C0MANY100");
  const body = JSON.stringify({ ok: true, channels: [], response_metadata: { next_cursor: "same" } });
  slack.faults.answerOddly("conversations.list", { body, isDone: false }, 1_000);
  expect(await list.find("nowhere")).toBeUndefined();
});
