import { ask, threadSays, toldDirectly } from "../support/ask.ts";
import { manifestScopes, startWorld, type World } from "../support/hallpass.ts";

const history = ["channels:history", "groups:history", "im:history"];

let world: World;
afterEach(() => world?.stop());

/** How often each thing was said in a channel, its threads and by direct message. */
function said(words: string): number {
  const { workspace } = world.slack;
  return workspace
    .channels()
    .flatMap(({ id }) => workspace.messages(id))
    .filter(({ blocks }) => JSON.stringify(blocks).includes(words)).length;
}

/** Has whatever waits for another attempt tried now. */
async function retried(words: string): Promise<void> {
  await world.slack.until(async () => {
    const rows = await world.query(
      "select 1 from effects where queue = 'messages' and done_at is null and retry_at is not null",
    );
    return rows.length > 0;
  }, `an answer to be lost (${words})`);
  world.advance(60_000);
}

async function asksWithLostAnswers(): Promise<void> {
  const { slack } = world;
  // The approval message and the requester's own, in whichever order they come.
  slack.faults.loseAnswer("chat.postMessage", 2);
  const asked = ask(world, "alice", "orders-db read 8h the answer is lost");
  await retried("approval message");
  const message = await asked;
  await slack.until(
    async () => (await world.query("select 1 from messages")).length === 1,
    "the message's place to be known",
  );
  slack.faults.loseAnswer("chat.postMessage", 2);
  await slack.as("bob").presses(message, "Approve");
  await retried("thread or direct message");
  await slack.until(async () => {
    const owed = await world.query<{ waits: boolean }>(
      `select retry_at is not null and locked_until is null as waits
       from effects where queue = 'messages' and kind <> 'remind_expiry' and done_at is null`,
    );
    // One may have failed after the other was tried again.
    if (owed.some(({ waits }) => waits)) world.advance(60_000);
    return owed.length === 0;
  }, "all to be said");
  await toldDirectly(world, "alice", "you have access");
}

it("a message whose answer was lost is looked for and not posted again", async () => {
  world = await startWorld({ slack: { scopes: [...manifestScopes(), ...history] } });
  for (const name of ["access-requests", "orders-approvals", "access-alerts"]) inviteTo(name);
  await asksWithLostAnswers();
  expect(["the answer is lost", "is being granted", "Granted to", "you have access"].map(said)).toEqual([
    1, 2, 1, 1,
  ]);
  expect(world.slack.calls("conversations.history").length).toBeGreaterThan(0);
  // Found again, it is the one whose thread goes on and whose buttons go.
  const [message] = world.slack.channel("#access-requests").messages();
  if (!message) throw new Error("there is no approval message");
  await threadSays(world, message, "Granted to");
});

function inviteTo(name: string): void {
  const { workspace } = world.slack;
  const channel = workspace.findChannel(name);
  if (!channel) throw new Error(`no channel ${name}`);
  workspace.putChannel({ ...channel, members: [...channel.members, workspace.app.botUserId] });
}

it("where Slack does not let us look it is posted again rather than never", async () => {
  world = await startWorld();
  await asksWithLostAnswers();
  expect(said("the answer is lost")).toBeGreaterThanOrEqual(2);
  expect(said("you have access")).toBeGreaterThanOrEqual(1);
  expect(world.slack.calls("conversations.history").map(({ response }) => response)).toContainEqual(
    expect.objectContaining({ error: "missing_scope" }),
  );
});

it("what Slack certainly did not take is posted without looking", async () => {
  world = await startWorld({ slack: { scopes: [...manifestScopes(), ...history] } });
  const { slack } = world;
  slack.faults.rateLimit("chat.postMessage", 1, 1);
  slack.faults.failNext("chat.postMessage", "team_added_to_org", 1);
  const message = ask(world, "alice", "orders-db read 8h not taken");
  await retried("approval message");
  world.advance(60_000);
  await message;
  expect(said("not taken")).toBe(1);
  expect(slack.calls("conversations.history")).toEqual([]);
});
