import { testServer } from "../servers/ask.ts";
import { ask, threadSays } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";

const { url: redisUrl } = await testServer("redis");

/** The same life over both transports and both homes of the queues. */
const ways = [
  { transport: "socket", queues: "PostgreSQL", redisUrl: undefined },
  { transport: "http", queues: "PostgreSQL", redisUrl: undefined },
  ...(redisUrl === undefined ? [] : [{ transport: "socket", queues: "Redis", redisUrl } as const]),
] as const;

for (const { transport, queues, redisUrl: url } of ways) {
  describe(`the main job over ${transport}, queues in ${queues}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld({ transport, redisUrl: url });
    });
    afterAll(() => world?.stop());

    it("asked by command, approved by a button, granted in PostgreSQL, gone on time, on record", async () => {
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
      expect(await guarded.rolesOf("alice")).toEqual([]);

      const clickedAt = Date.now();
      await slack.as("bob").presses(message, "Approve");
      await slack.until(
        async () => (await guarded.rolesOf("alice")).includes(guarded.names.read),
        "the membership",
      );
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
      world.advance(46_000);
      await slack.until(
        async () => (await guarded.rolesOf("alice")).length === 0,
        "the membership to be gone",
      );
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
      expect(await guarded.rolesOf("alice")).toEqual([]);
    });
  });
}
