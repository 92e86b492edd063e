import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, numberOf, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

it("the end of one grant leaves what another live grant of the same person still gives", async () => {
  const { slack, guarded } = world;
  const short = await ask(world, "alice", "orders-db read 10m short");
  const long = await ask(world, "alice", "orders-db read 1h long");
  for (const message of [short, long]) {
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
  }
  world.advance(11 * 60_000);
  const said = await threadSays(world, short, "kept by");
  expect(said.visibleText).toContain(`AR-${numberOf(long)}`);
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
  world.advance(50 * 60_000);
  await threadSays(world, long, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

describe("what the requester has already", () => {
  const note = "They already have this by a right of their own, and keep it after the end";

  function noted(message: SeenMessage): Promise<unknown> {
    return world.slack.until(
      () => world.slack.fresh(message).visibleText.includes(note),
      "the approval message to say so",
    );
  }

  /** Waits until the provider was asked what the requester has, or was not to be had. */
  function lookedUp(message: SeenMessage): Promise<unknown> {
    return world.slack.until(
      async () =>
        (
          await world.query(
            `select from effects e join access_requests r on r.id = e.request_id
             where e.kind = 'check_held' and e.done_at is not null and r.number = $1`,
            [numberOf(message)],
          )
        ).length > 0,
      "the look-up to be done",
    );
  }

  it("by a right of their own is said to who judges the request, and stays at the end", async () => {
    const { slack, guarded } = world;
    const { write, subject } = guarded.names;
    await guarded.query(`grant ${write} to ${subject("alice")}`);
    const message = await ask(world, "alice", "orders-db write 10m again", "#orders-approvals");
    await noted(message);
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "Granted to");
    world.advance(11 * 60_000);
    await threadSays(world, message, "and keeps it");
    expect(await guarded.rolesOf("alice")).toEqual([write]);
    await guarded.query(`revoke ${write} from ${subject("alice")}`);
  });

  it("by a grant of ours, or not at all, is no right of their own", async () => {
    const { slack } = world;
    const first = await ask(world, "alice", "orders-db read 1h first");
    await lookedUp(first);
    await slack.as("bob").presses(first, "Approve");
    await threadSays(world, first, "Granted to");
    const second = await ask(world, "alice", "orders-db read 1h second");
    await lookedUp(second);
    expect(slack.fresh(second).visibleText).not.toContain("already have");
    expect(await world.audited(numberOf(second))).not.toContain("request.already_held");
  });

  it("cannot be found out: the message is posted all the same, and nothing is claimed", async () => {
    const { slack, guarded } = world;
    const name = new URL(guarded.url).pathname.slice(1);
    await world.query(`alter database "${name}" allow_connections false`);
    await world.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    const message = await ask(world, "alice", "orders-db write 1h away", "#orders-approvals");
    await lookedUp(message);
    expect(slack.fresh(message).visibleText).not.toContain("already have");
    expect(slack.fresh(message).buttons).toEqual(["Approve", "Deny"]);
    await world.query(`alter database "${name}" allow_connections true`);
  });
});
