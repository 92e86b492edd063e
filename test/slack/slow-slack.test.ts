import { ask, numberOf, threadSays } from "../support/ask.ts";
import { fillsForm, opensForm } from "../support/form.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { assertNoProblems } from "../support/slack-limits.ts";

const orders = "Orders database (production)";

let world: World;
afterEach(async () => {
  await world.stop();
  assertNoProblems(world.slack);
});

async function requests(): Promise<readonly { readonly status: string }[]> {
  return world.query<{ status: string }>("select status from access_requests order by number");
}

/** How often a message was posted whose visible text holds these words. */
function said(words: string): number {
  return world.slack
    .calls("chat.postMessage")
    .filter(({ httpStatus, args }) => httpStatus === 200 && JSON.stringify(args["blocks"]).includes(words))
    .length;
}

describe("while Slack takes 2.5 s to say who somebody is", () => {
  beforeEach(async () => {
    world = await startWorld({ slack: { ackTimeoutMs: 3_000, triggerLifetimeMs: 3_000 } });
  });

  /** Makes Hallpass ask again who this is, and wait. */
  async function slow(person: string): Promise<void> {
    await world.slack.changeUser(person, {});
    world.slack.faults.slow(2_500, ["users.info"]);
  }

  it("a command is acknowledged in time and answered later", async () => {
    const { slack } = world;
    const alice = slack.as("alice");
    await slow("alice");
    const act = await alice.types("/request-access orders-db read 1h patience");
    expect(act.outcome).toBe("acked");
    expect(act.ms).toBeLessThan(3_000);
    expect(alice.ephemerals().map(({ text }) => text)).toEqual([
      expect.stringContaining("longer than usual"),
    ]);
    const answer = await slack.until(() => alice.ephemerals()[1], "the answer");
    expect(answer.text).toMatch(/^AR-\d+: you asked for/);
    await slack.until(() => slack.channel("#access-requests").messages()[0], "the approval message");
    expect(await requests()).toEqual([{ status: "pending" }]);
  });

  it("the form opens at once and fills when it is known who asks", async () => {
    const { slack } = world;
    const alice = slack.as("alice");
    await slow("alice");
    await alice.types("/request-access");
    const waiting = await slack.until(() => alice.modal(), "a modal");
    expect(waiting.text).toContain("Looking up");
    const form = await slack.until(
      () => (alice.modal()?.fields.length ? alice.modal() : undefined),
      "the form",
    );
    expect(form.title).toBe("Request access");
  });

  it("a form sent is acknowledged in time; the person hears what became of it", async () => {
    const { slack } = world;
    const alice = slack.as("alice");
    for (const duration of ["30m", "soon"]) {
      await opensForm(slack, alice);
      await fillsForm(slack, alice, { resource: orders, role: "Read only", duration, reason: "patience" });
      await slow("alice");
      const submission = await alice.submits();
      expect(submission).toMatchObject({ outcome: "acked", closed: false });
      expect(submission.ms).toBeLessThan(3_000);
      expect(alice.modal()?.text).toContain("direct message");
      const what = duration === "soon" ? "“soon” is not a duration" : "It waits for approval";
      await slack.until(
        () => alice.directMessages().some(({ visibleText }) => visibleText.includes(what)),
        `a direct message: ${what}`,
      );
      slack.faults.clear();
      await alice.closes();
    }
    expect(await requests()).toEqual([{ status: "pending" }]);
  });

  it("a click is acknowledged in time and counts", async () => {
    const { slack } = world;
    const message = await ask(world, "alice", "orders-db read 1h patience");
    await slow("bob");
    const act = await slack.as("bob").presses(message, "Approve");
    expect(act.outcome).toBe("acked");
    expect(act.ms).toBeLessThan(3_000);
    await threadSays(world, message, "Granted to");
  });
});

describe.each(["unavailable", "destroyed"] as const)("while Slack's Web API is down (%s)", (how) => {
  beforeEach(async () => {
    world = await startWorld({ transport: "http" });
  });

  it("an approval decides nothing, as nobody can be asked about; once Slack is back it does, and all of it is said once", async () => {
    const { slack, guarded } = world;
    const first = await ask(world, "alice", "orders-db read 1h before");
    await slack.as("bob").presses(first, "Deny");
    await slack.until(() => slack.as("bob").modal(), "bob to be known");
    await slack.as("bob").closes();
    const message = await ask(world, "alice", "orders-db read 1h the outage");

    slack.faults.down(how);
    expect(await slack.as("bob").presses(message, "Approve")).toMatchObject({ outcome: "acked" });
    await slack.until(async () => (await world.audited()).includes("decision.refused"), "the refusal");
    expect(await guarded.rolesOf("alice")).toEqual([]);
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
    expect(slack.thread(message)).toEqual([]);

    slack.faults.clear();
    world.advance(60_000);
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
    await slack.until(() => !slack.fresh(message).buttons.includes("Approve"), "the buttons to go");
    const dm = `AR-${numberOf(message)}`;
    const toAlice = (words: string): number =>
      slack
        .as("alice")
        .directMessages()
        .filter(({ visibleText }) => visibleText.includes(dm) && visibleText.includes(words)).length;
    await slack.until(() => toAlice("you have access"), "alice to be told");
    expect(slack.thread(message).map(({ visibleText }) => visibleText)).toEqual([
      expect.stringContaining("is being granted"),
      expect.stringContaining("Granted to"),
    ]);
    expect(["is being granted", "you have access"].map(toAlice)).toEqual([1, 1]);
  });

  it("a click of somebody unknown decides nothing and is recorded", async () => {
    const { slack, guarded } = world;
    const message = await ask(world, "alice", "orders-db read 1h the outage");
    slack.faults.down(how);
    await slack.as("carol").presses(message, "Approve");
    await slack.until(async () => (await world.audited()).includes("decision.refused"), "the refusal");
    expect(await requests()).toEqual([{ status: "pending" }]);
    expect(await guarded.rolesOf("alice")).toEqual([]);
    slack.faults.clear();
    await slack.as("carol").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
  });
});

it("what Slack asks to send later is sent later, once each", async () => {
  world = await startWorld();
  const { slack } = world;
  slack.faults.rateLimit("chat.postMessage", 1, 3);
  const message = await ask(world, "alice", "orders-db read 1h not so fast");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  expect(said("not so fast")).toBe(1);
  expect(said("Granted to")).toBe(1);
});
