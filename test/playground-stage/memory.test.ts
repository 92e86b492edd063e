import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SectionBlock } from "@slack/types";
import { WebClient } from "@slack/web-api";
import { type SlackServer, startSlack } from "../../slack-simulator/server.ts";
import { notesIn, slackIn } from "../../playground/stage/keep.ts";

const section = (text: string): SectionBlock => ({ type: "section", text: { type: "mrkdwn", text } });

describe("what the simulated Slack remembers", () => {
  const folder = mkdtempSync(join(tmpdir(), "hallpass-memory-"));
  chmodSync(folder, 0o755);
  let time = Date.UTC(2026, 5, 1);
  let slack: SlackServer;
  let web: WebClient;
  let save: () => void;

  async function open(): Promise<void> {
    const keeper = slackIn(folder);
    slack = await startSlack({ now: () => time, memory: keeper.memory });
    save = keeper.keep(slack.workspace);
    web = new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl });
  }
  async function reopen(): Promise<void> {
    await slack.close();
    save();
    await open();
  }

  beforeAll(open);
  afterAll(async () => {
    await slack.close();
    save();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is the same after a restart: people, messages, threads, what only one sees, files and homes", async () => {
    const { workspace } = slack;
    await slack.changeUser("carol", { deleted: true });
    await slack.changeUsergroup("orders-leads", ["bob"]);
    const channel = workspace.findChannel("#general")?.id ?? "";
    const root = await web.chat.postMessage({
      channel,
      text: "a root",
      blocks: [section("*bold*")],
    });
    await web.chat.postMessage({ channel, text: "a reply", thread_ts: root.ts ?? "" });
    const gone = await web.chat.postMessage({ channel, text: "taken back" });
    await web.chat.delete({ channel, ts: gone.ts ?? "" });
    await web.chat.postEphemeral({ channel, user: "U0ALICE", text: "only alice" });
    await web.filesUploadV2({ channel_id: channel, filename: "a.csv", file: Buffer.from([0, 255, 10]) });
    await web.views.publish({ user_id: "U0BOB", view: { type: "home", blocks: [section("home")] } });
    const before = [
      workspace.users(),
      workspace.usergroups(),
      workspace.channels(),
      workspace.messages(channel),
      workspace.ephemerals("U0ALICE"),
      workspace.files(),
      workspace.home("U0BOB"),
    ];
    expect(workspace.messages(channel).map(({ text }) => text)).toEqual(["a root", "a reply", ""]);

    await reopen();

    const after = slack.workspace;
    expect([
      after.users(),
      after.usergroups(),
      after.channels(),
      after.messages(channel),
      after.ephemerals("U0ALICE"),
      after.files(),
      after.home("U0BOB"),
    ]).toEqual(before);
    expect(after.user("U0CAROL")?.deleted).toBe(true);
    expect(after.files()[0]?.content).toEqual(Buffer.from([0, 255, 10]));
  });

  it("no ts and no id comes twice, even when the clock is set back and the last ones were never saved", async () => {
    const ts = slack.workspace.nextTs();
    const path = join(folder, "slack.json");
    save();
    const saved = readFileSync(path, "utf8");
    const unsaved = [slack.workspace.nextId("V"), slack.workspace.nextId("V")];
    time -= 3_600_000;
    await slack.close();
    writeFileSync(path, saved);
    await open();
    expect(slack.workspace.nextTs() > ts).toBe(true);
    expect(unsaved).not.toContain(slack.workspace.nextId("V"));
    expect(unsaved).not.toContain(slack.workspace.nextId("V"));
  });
});

describe("a data folder with a file that is not as it was written", () => {
  const folder = mkdtempSync(join(tmpdir(), "hallpass-broken-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["half a file", '{"format":1,"users":[{"id":'],
    ["something else", '"hello"'],
    ["another format", '{"format":2}'],
    ["a message without a text", '{"format":1,"messages":[{"ts":"1.0"}]}'],
  ])("slack.json, %s: named, with what to do", (_, text) => {
    writeFileSync(join(folder, "slack.json"), text);
    expect(() => slackIn(folder)).toThrow(/slack\.json is not as the playground wrote it: [^]*--fresh/);
  });

  it("playground.json: named, with what to do; a missing one is a beginning", () => {
    expect(notesIn(folder).get()).toEqual({ aheadMs: 0, clockWasMoved: false, queriesThatWorked: 0 });
    writeFileSync(join(folder, "playground.json"), '{"aheadMs":-5}');
    expect(() => notesIn(folder)).toThrow(/playground\.json is not as [^]*--fresh/);
  });

  it("what is noted is on disk at once", () => {
    rmSync(join(folder, "playground.json"));
    notesIn(folder).change({ aheadMs: 60_000 });
    expect(notesIn(folder).get().aheadMs).toBe(60_000);
  });
});
