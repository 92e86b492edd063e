import { ask, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** Shuts the guarded database, or opens it again. */
async function allowConnections(isAllowed: boolean): Promise<void> {
  const name = new URL(world.guarded.url).pathname.slice(1);
  await world.query(`alter database "${name}" allow_connections ${isAllowed}`);
  await world.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
}

it("access that cannot be taken away is said loudly, and is tried at once when somebody presses", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "orders-db read 10m looking");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await allowConnections(false);
  world.advance(11 * 60_000);
  for (const attempt of [1, 2, 4]) {
    const alert = await slack.until(() => {
      world.hallpass.look();
      return slack
        .channel("#access-alerts")
        .messages()
        .find(({ visibleText }) => visibleText.includes(`(attempt ${attempt})`));
    }, `attempt ${attempt} to fail`);
    expect(alert.buttons).toEqual(["Try now"]);
  }
  const failed = await threadSays(world, message, "(attempt 4)");
  await allowConnections(true);
  // The next attempt by itself is some 8 s away.
  await slack.as("carol").presses(failed, "Try now");
  await toldAlone(world, "carol", "It is being tried now");
  await threadSays(world, message, "Revoked and verified");
  expect(await guarded.rolesOf("alice")).toEqual([]);
});
