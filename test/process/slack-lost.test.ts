import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn } from "./time.ts";

/** Slack over Socket Mode goes away in all the ways it can, under one process that must outlive them all. */
describe("Slack", () => {
  let site: Site;
  let run: Run;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site?.close());

  function reconnected(): Promise<unknown> {
    return site.slack.until(() => site.slack.sockets.connected() > 0, "Hallpass to connect again");
  }

  async function answersCommands(reason: string): Promise<void> {
    const { slack } = site;
    const before = slack.channel("#orders-approvals").messages().length;
    expect(await slack.as("alice").types(`/request-access orders-db write 1h ${reason}`)).toMatchObject({
      outcome: "acked",
    });
    await slack.until(() => slack.channel("#orders-approvals").messages()[before], "the approval message");
    expect(run.isRunning()).toBe(true);
  }

  it("unreachable at the start: Hallpass says so, and is ready once Slack is there", async () => {
    site.slack.faults.down("destroyed");
    run = await site.start();
    await run.says("Slack cannot be reached: ");
    const answer = await run.ops("/readyz");
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("Slack cannot be reached: ");
    site.slack.faults.clear();
    await run.ready();
    expect((await run.ops("/readyz")).status).toBe(200);
    await answersCommands("after the start");
  });

  it("cuts every connection, or asks for new ones: commands work again", async () => {
    const { sockets } = site.slack;
    sockets.drop();
    expect(sockets.connected()).toBe(0);
    await reconnected();
    await answersCommands("after a cut");
    sockets.disconnect("refresh_requested");
    await reconnected();
    await answersCommands("after a refresh");
  });

  it("takes the next connections and never says hello: not ready from the first moment, and back as soon as one does", async () => {
    const { faults, sockets } = site.slack;
    faults.startBadly("no hello", 2);
    sockets.drop();
    await site.slack.until(async () => (await run.ops("/readyz")).status === 503, "it to be not ready");
    expect((await run.ops("/readyz")).body).toContain("no other is open yet");
    expect((await run.ops("/metrics")).body).toMatch(/^hallpass_slack_connections 0$/mu);
    await run.says("Slack has not said hello for 12 s");
    await reconnected();
    await site.slack.until(async () => (await run.ops("/readyz")).status === 200, "it to be ready");
    await answersCommands("after connections that came to nothing");
  });

  it("goes down while access is active: it still ends on time, and all of it is said when Slack is back", async () => {
    const { slack, guarded } = site;
    const message = await ask(site, "alice", "orders-db read 1h Slack goes");
    await slack.as("bob").presses(message, "Approve");
    await threadSays(site, message, "Granted to");
    slack.faults.down();
    await endGrantsIn(site, 0);
    await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the access to be gone");
    slack.faults.clear();
    await threadSays(site, message, "Revoked and verified");
    await reconnected();
    await answersCommands("after an outage");
  });

  it("refuses the tokens of a process that runs: it stays, revokes, says so, and goes on once they are accepted", async () => {
    const { slack, guarded } = site;
    const message = await ask(site, "alice", "orders-db read 1h the app is reinstalled");
    await slack.as("bob").presses(message, "Approve");
    await threadSays(site, message, "Granted to");
    slack.faults.revokeToken("invalid_auth");
    slack.sockets.drop();
    await endGrantsIn(site, 0);
    await run.says("Slack refuses the token (invalid_auth): check SLACK_APP_TOKEN");
    await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the access to be gone");
    const answer = await run.ops("/readyz");
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("Slack refuses the token (invalid_auth)");
    slack.faults.clear();
    await reconnected();
    await threadSays(site, message, "Revoked and verified");
    await answersCommands("after it");
    expect((await run.ops("/readyz")).status).toBe(200);
  });

  it("sends an event again that it thinks was lost: it is done once", async () => {
    const { slack } = site;
    slack.faults.duplicateDeliveries(3, "in sequence");
    const before = (await site.audited())["request.created"] ?? 0;
    await answersCommands("said three times");
    slack.faults.clear();
    expect((await site.audited())["request.created"]).toBe(before + 1);
    await run.stop();
  });
});
