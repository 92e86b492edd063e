import { ask, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: incidents
    requesters: [group:engineers]
    access: ["incident:respond"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({
    policy: (names) =>
      policyWith(rules)(names).replace(
        "resources:\n",
        `resources:
  incident:
    title: Incident response
    risk: low
    roles:
      respond: { title: All that it takes, bundle: ["orders-db:read", "orders-db:write"], max_duration: 6h }
`,
      ),
  });
});
afterAll(() => world?.stop());

it("a bundle is asked for once, gives all that is in it, and all of it ends", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "incident respond 1h INC-7 is burning");
  expect(message.visibleText).toContain("Gives: orders-db:read, orders-db:write");
  expect(message.visibleText).toContain("🔴 High risk");
  await slack.as("bob").presses(message, "Approve");
  await slack.until(
    () => slack.thread(message).filter(({ visibleText }) => visibleText.includes("Granted to")).length === 2,
    "both grants",
  );
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read, guarded.names.write].toSorted());
  world.advance(61 * 60_000);
  await slack.until(
    () =>
      slack.thread(message).filter(({ visibleText }) => visibleText.includes("Revoked and verified"))
        .length === 2,
    "both to end",
  );
  expect(await guarded.rolesOf("alice")).toEqual([]);
});

it("a bundle may last no longer than the least of what is in it", async () => {
  const { slack } = world;
  await slack.as("alice").types("/request-access incident respond 5h INC-8");
  await slack.until(
    () => slack.as("alice").ephemerals().at(-1)?.visibleText.includes("At most 4h is allowed"),
    "the limit to be said",
  );
});

it("when one part fails the other stands, and both are told apart", async () => {
  const { slack, guarded } = world;
  const message = await ask(world, "alice", "incident respond 1h INC-9 is burning");
  await guarded.query(`alter role ${guarded.names.write} rename to ${guarded.names.write}_away`);
  try {
    await slack.as("bob").presses(message, "Approve");
    await threadSays(world, message, "The grant failed");
    await threadSays(world, message, "Granted to");
    expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
  } finally {
    await guarded.query(`alter role ${guarded.names.write}_away rename to ${guarded.names.write}`);
  }
  world.advance(61 * 60_000);
  await threadSays(world, message, "Revoked and verified");
});
