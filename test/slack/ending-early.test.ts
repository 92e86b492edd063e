import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, numberOf, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world?.stop());

async function live(person: string): Promise<Awaited<ReturnType<typeof ask>>> {
  const message = await ask(world, person, "orders-db read 1h looking");
  await world.slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await world.slack.until(
    () => world.slack.fresh(message).buttons.includes("End access"),
    "the button to end",
  );
  return message;
}

/** Presses the button that somebody still has in front of them when it has gone. */
async function approvesAsItStood(person: string, seen: SeenMessage): Promise<void> {
  const { workspace, interactions } = world.slack;
  const user = workspace.users().find(({ name }) => name === person);
  const [channel, message] = [workspace.channel(seen.channelId), workspace.message(seen.channelId, seen.ts)];
  if (!user || !channel || !message) throw new Error("nothing to press");
  const [request] = await world.query<{ id: string }>("select id from access_requests where number = $1", [
    numberOf(seen),
  ]);
  const action = { type: "button", action_id: "approve_request", block_id: "stood", value: request?.id };
  await interactions.act(user, { kind: "message", message, channel }, action);
}

it.each(["carol", "dana"])(
  "%s, who may approve it or is an admin, ends somebody's access",
  async (person) => {
    const { slack, guarded } = world;
    const message = await live("alice");
    await slack.as("erin").presses(message, "End access");
    await toldAlone(world, "erin", "You are not among the people");
    expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
    await slack.as(person).presses(message, "End access");
    await threadSays(world, message, "(withdrawn)");
    expect(await guarded.rolesOf("alice")).toEqual([]);
    await slack.until(() => slack.fresh(message).buttons.length === 0, "the buttons to go");
    expect(await world.audited(numberOf(message))).toContain("grant.revoking");
  },
);

describe("somebody who has left", () => {
  it("loses what they hold and what they asked for as soon as Slack says so", async () => {
    const { slack, guarded } = world;
    const granted = await live("alice");
    const pending = await ask(world, "alice", "orders-db read 1h looking again");
    await slack.changeUser("alice", { deleted: true });
    await threadSays(world, granted, "(the person has left)");
    await threadSays(world, pending, "Closed: the person has left");
    expect(await guarded.rolesOf("alice")).toEqual([]);
    await approvesAsItStood("bob", pending);
    await slack.until(() => slack.as("bob").ephemerals().length > 0, "bob to be told");
    expect(await guarded.rolesOf("alice")).toEqual([]);
  });

  it("also when Hallpass did not run at that moment", async () => {
    const { slack, guarded } = world;
    const granted = await live("alice");
    await world.hallpass.stop();
    await slack.changeUser("alice", { deleted: true });
    await world.restart();
    await threadSays(world, granted, "(the person has left)");
    expect(await guarded.rolesOf("alice")).toEqual([]);
  });
});
