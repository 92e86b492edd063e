import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { testServer } from "../servers/ask.ts";
import { ask, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site, type SiteOptions } from "../support/site.ts";
import { endGrantsIn, releaseClaims } from "./time.ts";

const { url: redisUrl } = await testServer("redis");

const ways: readonly (SiteOptions & { readonly name: string })[] = [
  { name: "its own database", database: "embedded" },
  { name: "a database and queues elsewhere", transport: "http" },
  ...(redisUrl === undefined ? [] : [{ name: "queues in Redis", redisUrl: new URL("/9", redisUrl).href }]),
];

for (const { name, ...options } of ways) {
  describe(`killed, with ${name}`, () => {
    let site: Site;
    let run: Run;

    beforeAll(async () => {
      site = await openSite(options);
      run = await site.start();
      await run.ready();
    });
    afterAll(() => site?.close());

    async function approved(person: string, text: string): Promise<SeenMessage> {
      const channel = text.includes("write") ? "#orders-approvals" : "#access-requests";
      const message = await ask(site, person, text, channel);
      await site.slack.as("carol").presses(message, "Approve");
      return message;
    }

    /** Who is killed claims nothing longer; some seconds pass until it is started again. */
    async function startAgain(): Promise<void> {
      await releaseClaims(site);
      run = await site.start();
      await run.ready();
    }

    it("while access is active: at the next start it is revoked, proven gone and said within 5 s", async () => {
      const { slack, guarded } = site;
      const message = await approved("alice", "orders-db read 1h the lights go out");
      await threadSays(site, message, "Granted to");
      expect(await guarded.rolesOf("alice")).toEqual([guarded.names.read]);
      await run.kill();
      await endGrantsIn(site, -60);
      const pid = await site.embeddedPid();
      expect(pid !== undefined).toBe(options.database === "embedded");

      await startAgain();
      await slack.until(async () => (await guarded.rolesOf("alice")).length === 0, "the end", 5_000);
      await threadSays(site, message, "Revoked and verified");
      expect(await site.embeddedPid()).toBe(pid);
      expect(await site.audited()).toMatchObject({
        "request.created": 1,
        "approval.given": 1,
        "grant.active": 1,
        "grant.revoking": 1,
        "grant.revoked": 1,
      });
      expect(slack.thread(message).filter(({ text }) => text.includes("Revoked and verified"))).toHaveLength(
        1,
      );
      expect(slack.channel("#access-requests").messages()).toHaveLength(1);
    });

    // What follows depends on neither where the data are nor where the queues are.
    if (name !== "a database and queues elsewhere") return;

    it("between approval and grant: it is granted once at the next start", async () => {
      const { slack, guarded, guardedNetwork } = site;
      await guardedNetwork.cut();
      const message = await approved("alice", "orders-db write 1h nobody is at home");
      await slack.until(async () => (await site.audited())["request.approved"] === 2, "the approval");
      await run.kill();
      expect(await guarded.rolesOf("alice")).toEqual([]);
      await guardedNetwork.restore();

      await startAgain();
      await threadSays(site, message, "Granted to");
      expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);
      expect((await site.audited())["grant.active"]).toBe(2);
      expect(slack.thread(message).filter(({ text }) => text.includes("Granted to"))).toHaveLength(1);
    });

    for (const [from, role, when] of [
      ["request", "read", "before the server heard of it"],
      ["answer", "write", "after the server did it, before it could say so"],
    ] as const) {
      const since = from === "answer" ? "its first moment" : "when it is there";
      it(`while it asks for the grant, ${when}: there is one grant, from ${since} on`, async () => {
        const { guarded, guardedNetwork } = site;
        const before = (await site.audited())["grant.active"] ?? 0;
        const reached = guardedNetwork.holdAt("COMMIT", from);
        const message = await approved("bob", `orders-db ${role} 1h cut off at the ${from}`);
        await reached;
        await run.kill();
        await guardedNetwork.restore();
        expect((await guarded.rolesOf("bob")).includes(guarded.names[role])).toBe(from === "answer");
        const [asked] = await site.query<{ at: Date }>(
          "select asked_at as at from grants order by id desc limit 1",
        );

        await startAgain();
        await threadSays(site, message, "Granted to");
        expect(await guarded.rolesOf("bob")).toContain(guarded.names[role]);
        expect((await site.audited())["grant.active"]).toBe(before + 1);
        expect((await site.audited())["grant.failed"]).toBeUndefined();
        const [grant] = await site.query<{ at: Date }>(
          "select active_at as at from grants where status = 'active' order by id desc limit 1",
        );
        // What was never given has cost nobody any of their time.
        expect(grant?.at.getTime() === asked?.at.getTime()).toBe(from === "answer");
      });
    }
  });
}
