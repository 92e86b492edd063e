import { providerTypes } from "../../src/providers/registry.ts";
import { guardedKinds } from "../guarded/list.ts";
import type { Guarded } from "../guarded/guarded.ts";
import { testServer } from "../servers/ask.ts";
import { ask, threadSays } from "../support/ask.ts";
import { describeIf } from "../support/describe-if.ts";
import { startWorldOn, type World } from "../support/hallpass.ts";

const redis = await testServer("redis");

const ordinary = { transport: "socket", queues: "PostgreSQL", redisUrl: undefined } as const;
/** The same life over both transports and both homes of the queues, and once with each system that can be guarded. */
const lives = guardedKinds.flatMap((kind, index) => [
  { kind, ...ordinary },
  ...(index > 0
    ? []
    : [
        { kind, ...ordinary, transport: "http" as const },
        ...(redis.url === undefined ? [] : [{ kind, ...ordinary, queues: "Redis", redisUrl: redis.url }]),
      ]),
]);

test("each type of provider has a system to guard here", () => {
  expect(new Set(guardedKinds.map(({ type }) => type))).toEqual(new Set(Object.keys(providerTypes)));
});

for (const { kind, transport, queues, redisUrl: url } of lives) {
  const describeWithIt = describeIf(kind.missing === undefined, kind.missing ?? "");
  describeWithIt(`the main job with ${kind.title}, over ${transport}, queues in ${queues}`, () => {
    let world: World<Guarded>;
    beforeAll(async () => {
      world = await startWorldOn(() => kind.start(), { transport, redisUrl: url });
    });
    afterAll(() => world?.stop());

    it("asked by command, approved by a button, granted, gone on time, on record", async () => {
      const { slack, guarded } = world;
      const alice = slack.as("alice");
      const asked = await alice.types("/request-access orders-db read 45s checking INC-7");
      expect(asked.status).toBe(transport === "http" ? 200 : "ack");
      const message = await slack.until(
        () => slack.channel("#access-requests").messages()[0],
        "the approval message",
      );
      expect(message.visibleText).toContain("alice@example.com");
      expect(message.visibleText).toContain("checking INC-7");
      expect(await guarded.holdings("alice")).toEqual([]);

      const clickedAt = Date.now();
      await slack.as("bob").presses(message, "Approve");
      await slack.until(async () => (await guarded.holdings("alice")).includes("read"), "the access");
      expect(Date.now() - clickedAt).toBeLessThan(5_000);
      const granted = await slack.until(
        () => slack.thread(message).find(({ visibleText }) => visibleText.includes("Granted to")),
        "the thread to say granted",
      );
      expect(granted).toBeDefined();
      await slack.until(
        () => slack.fresh(message).buttons.join() === "End access",
        "nothing left to do but to end it",
      );
      const session = await guarded.openSession?.("alice");
      await session?.use();
      world.advance(46_000);
      await slack.until(async () => (await guarded.holdings("alice")).length === 0, "the access to be gone");
      await session?.ended;
      await slack.until(
        () => slack.thread(message).some(({ visibleText }) => visibleText.includes("Revoked and verified")),
        "the thread to say revoked",
      );
      expect(await world.audited()).toEqual([
        "request.created",
        "approval.given",
        "request.approved",
        "grant.started",
        "grant.active",
        "grant.revoking",
        "grant.revoked",
      ]);
      await slack.until(
        () => alice.directMessages().some(({ visibleText }) => visibleText.includes("verified gone")),
        "the requester to be told",
      );
      expect(slack.problems.list()).toEqual([]);
    });

    it("ends by itself, with nobody to move the clock", async () => {
      const { slack, guarded } = world;
      const message = await ask(world, "alice", "orders-db read 2s a short look");
      await slack.as("bob").presses(message, "Approve");
      await threadSays(world, message, "Granted to");
      await threadSays(world, message, "Revoked and verified");
      expect(await guarded.holdings("alice")).toEqual([]);
    });
  });
}
