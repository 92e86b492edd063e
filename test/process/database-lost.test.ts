import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn } from "./time.ts";

const slackPatienceMs = 3_000;
/** From the database's return until what fell due meanwhile is done and said. */
const recoveryMs = 6_000;

describe("the database", () => {
  let site: Site;
  let run: Run;

  beforeAll(async () => {
    site = await openSite({ transport: "http" });
  });
  afterAll(() => site?.close());

  async function granted(reason: string): Promise<SeenMessage> {
    const message = await ask(site, "alice", `orders-db read 1h ${reason}`);
    await site.slack.as("bob").presses(message, "Approve");
    await threadSays(site, message, "Granted to");
    return message;
  }

  async function isReadyAgain(): Promise<void> {
    await site.slack.until(async () => (await run.ops("/readyz")).status === 200, "/readyz to say 200");
  }

  async function notReady(): Promise<string> {
    const { body } = await site.slack.until(async () => {
      const answer = await run.ops("/readyz");
      return answer.status === 503 ? answer : undefined;
    }, "/readyz to say 503");
    expect((await run.get("/healthz")).status).toBe(200);
    return body;
  }

  it("down at the start: Hallpass waits and says so, and starts when it comes", async () => {
    await site.databaseNetwork.cut();
    run = await site.start();
    const line = await run.says("Waiting for the database at");
    expect(line.msg).toMatch(
      /Waiting for the database at postgresql:\/\/\S+: connect ECONNREFUSED 127\.0\.0\.1/,
    );
    expect(line.msg).not.toContain(new URL(site.env["DATABASE_URL"] ?? "").password);
    expect(await notReady()).toContain("the database has not answered yet");
    await site.databaseNetwork.restore();
    await run.ready();
    // What the provider lacks is said beside it, as soon as that was looked at.
    expect(await run.ops("/readyz")).toEqual({
      status: 200,
      body: expect.stringMatching(/^\{"ready":true/u),
    });
  });

  it("lost while it runs: people are told at once, /readyz says why, and what fell due is done when it is back", async () => {
    const { slack, guarded } = site;
    const message = await granted("the database goes");
    const pending = await ask(site, "bob", "orders-db read 1h to be decided meanwhile");
    await slack.until(
      async () => (await site.query("select from messages")).length === 2,
      "both approval messages to be on record",
    );
    await site.databaseNetwork.cut();
    await endGrantsIn(site, 0);

    const answer = await slack.as("alice").types("/request-access orders-db write 1h can you hear me");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.ms).toBeLessThan(slackPatienceMs);
    expect(JSON.stringify(answer.ack)).toMatch(/cannot reach its database.*try again in a minute/);
    const click = await slack.as("carol").presses(pending, "Approve");
    expect(click).toMatchObject({ status: 200 });
    await slack.until(
      () =>
        slack
          .as("carol")
          .ephemerals()
          .some(({ text }) => text.includes("cannot reach its database")),
      "carol to be told",
    );
    expect(await notReady()).toContain("the database");
    expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);

    await site.databaseNetwork.restore();
    const backAt = performance.now();
    await threadSays(site, message, "Revoked and verified");
    expect(performance.now() - backAt).toBeLessThan(recoveryMs);
    expect(await guarded.rolesOf("alice")).toEqual([]);
    await isReadyAgain();
    await slack.as("carol").presses(pending, "Approve");
    await threadSays(site, pending, "Granted to");
    expect(await site.audited()).toMatchObject({
      "request.created": 2,
      "approval.given": 2,
      "grant.revoked": 1,
    });
  });

  it("silent while it runs: people are told in time, and the silence is over when it is", async () => {
    const { slack } = site;
    site.databaseNetwork.hold();
    const answer = await slack.as("alice").types("/request-access orders-db read 1h is anybody there");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.ms).toBeLessThan(slackPatienceMs);
    expect(JSON.stringify(answer.ack)).toContain("takes longer than usual");
    expect(await notReady()).toContain("the database");
    await site.databaseNetwork.restore();
    // What was said into the silence is answered now that its connection broke.
    await slack.until(
      () =>
        slack
          .as("alice")
          .ephemerals()
          .some(({ text }) => text.includes("cannot reach its database")),
      "alice to be told what became of it",
    );
    await isReadyAgain();
    await granted("after the silence");
    await run.stop();
  });

  it("refusing the password: one line that says so, without the password, and exit 1", async () => {
    const url = Object.assign(new URL(site.env["DATABASE_URL"] ?? ""), { password: "not-the-passw0rd" });
    run = await site.start({ DATABASE_URL: url.href });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.errors()).toMatch(
      /^The database at postgresql:\/\/\S+ refused Hallpass: password authentication failed for user "\w+"$/,
    );
    expect(run.output()).not.toContain("not-the-passw0rd");
  });
});
