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
