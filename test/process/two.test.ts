import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { testServer } from "../servers/ask.ts";
import { numberOf, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site, type SiteOptions } from "../support/site.ts";
import { endGrantsIn } from "./time.ts";

const { url: redisUrl } = await testServer("redis");

const ways: readonly (SiteOptions & { readonly queues: string })[] = [
  { queues: "PostgreSQL" },
  ...(redisUrl === undefined ? [] : [{ queues: "Redis", redisUrl: new URL("/10", redisUrl).href }]),
];
// Few enough that all is said within seconds: one message a second goes into a channel.
const each = Array.from({ length: 4 }, (_, index) => index);

for (const { queues, ...options } of ways) {
  describe(`two processes on one database, queues in ${queues}`, () => {
    let site: Site;
    let runs: readonly Run[];

    beforeAll(async () => {
      site = await openSite({ ...options, database: "fresh" });
    });
    afterAll(() => site?.close());

    it("start at the same instant on an empty database, and both are ready", async () => {
      runs = await Promise.all([site.start(), site.start()]);
      await Promise.all(runs.map((run) => run.ready()));
      await site.slack.until(() => site.slack.sockets.connected() === 4, "two connections of each");
      const migrated = await site.query("select from _prisma_migrations where finished_at is null");
      expect(migrated).toEqual([]);
    });

    it("4 requests, each delivered to both: one message, one decision, one grant, one revocation of each", async () => {
      const { slack, guarded } = site;
      const { faults } = slack;
      const requests = slack.channel("#orders-approvals");
      faults.duplicateDeliveries(2, "concurrently");
      await Promise.all(
        each.map((index) => slack.as("alice").types(`/request-access orders-db write 1h number ${index}`)),
      );
      const messages = await slack.until(() => {
        const seen = requests.messages();
        return seen.length >= each.length ? seen : undefined;
      }, "an approval message of each");
      await Promise.all(
        messages.flatMap((message) => [
          slack.as("bob").presses(message, "Approve"),
          slack.as("carol").presses(message, "Approve"),
        ]),
      );
      const said = (words: string) => (message: SeenMessage) => threadSays(site, message, words);
      await Promise.all(messages.map(said("Granted to")));
      expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);
      await endGrantsIn(site, 0);
      await slack.until(
        async () => (await site.audited())["grant.revoked"] === each.length,
        "a revocation of each",
      );
      await Promise.all(messages.map(said("🔒")));
      expect(await guarded.rolesOf("alice")).toEqual([]);
      faults.clear();

      expect(new Set(requests.messages().map(numberOf)).size).toBe(each.length);
      expect(requests.messages()).toHaveLength(each.length);
      expect(await site.audited()).toMatchObject({
        "request.created": each.length,
        "approval.given": each.length,
        "request.approved": each.length,
        "grant.started": each.length,
        "grant.active": each.length,
        "grant.revoking": each.length,
        "grant.revoked": each.length,
      });
      for (const message of messages) {
        const thread = slack.thread(message).map(({ visibleText }) => visibleText);
        expect(thread.filter((text) => text.includes("Granted to"))).toHaveLength(1);
        expect(thread.filter((text) => text.includes("🔒"))).toHaveLength(1);
      }
      expect(await site.audited()).not.toHaveProperty("grant.failed");
    });

    it("one is killed: the other goes on", async () => {
      const { slack } = site;
      const [first] = runs;
      await first?.kill();
      await slack.until(() => slack.sockets.connected() === 2, "Slack to see those of the other only");
      await slack.as("erin").types("/request-access orders-db read 1h on call");
      await slack.until(
        async () => (await site.guarded.rolesOf("erin")).includes(site.guarded.names.read),
        "erin to have it",
      );
      await runs[1]?.stop();
    });
  });
}
