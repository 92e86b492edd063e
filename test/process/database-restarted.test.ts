import { setTimeout as sleep } from "node:timers/promises";
import { approveWaiting, ask, numberOf, threadSays } from "../support/ask.ts";
import type { Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { endGrantsIn, releaseClaims } from "./time.ts";

const restarts = 2;
const patienceMs = 120_000;

describe("a database that is restarted in the middle of the traffic, at once and without a checkpoint", () => {
  let site: Site;
  let run: Run;

  beforeAll(async () => {
    site = await openSite({ database: "embedded" });
    run = await site.start();
    await run.ready(patienceMs);
  }, 2 * patienceMs);
  afterAll(() => site?.close());

  /** As `pg_ctl stop -m immediate` does; Hallpass starts its own database again. */
  async function quitDatabase(): Promise<void> {
    const pid = await site.slack.until(() => site.embeddedPid(), "the database to run", patienceMs);
    process.kill(pid, "SIGQUIT");
    await site.slack.until(
      async () => {
        const next = await site.embeddedPid();
        return next !== undefined && next !== pid;
      },
      "the database to be started again",
      patienceMs,
    );
  }

  it(
    "what was acknowledged is there, what was decided is carried out, and all access ends",
    async () => {
      const { slack, guarded } = site;
      const acknowledged: number[] = [];
      const before = await ask(site, "alice", "orders-db read 1h before it all");
      await slack.as("bob").presses(before, "Approve");
      await threadSays(site, before, "Granted to");

      const over = new AbortController();
      let said = 0;
      const asks = async (person: string): Promise<void> => {
        while (!over.signal.aborted) {
          said += 1;
          const { ack } = await slack.as(person).types(`/request-access orders-db read 1h number ${said}`);
          const number = /AR-(\d+)/.exec(JSON.stringify(ack ?? ""))?.[1];
          if (number !== undefined) acknowledged.push(Number(number));
          await sleep(50);
        }
      };
      const approves = async (): Promise<void> => {
        while (!over.signal.aborted) {
          await approveWaiting(site, "carol", "#access-requests");
          await sleep(20);
        }
      };
      const traffic = Promise.all([asks("alice"), asks("bob"), approves()]);
      for (let restart = 0; restart < restarts; restart += 1) {
        const now = acknowledged.length;
        await slack.until(() => acknowledged.length > now + 2, "some requests", patienceMs);
        await quitDatabase();
      }
      const now = acknowledged.length;
      await slack.until(() => acknowledged.length > now + 2, "some requests after it", patienceMs);
      over.abort();
      await traffic;
      expect(run.isRunning()).toBe(true);

      const rows = await site.query<{ number: number }>("select number from access_requests");
      const recorded = new Set(rows.map(({ number }) => number));
      expect(acknowledged.filter((number) => !recorded.has(number))).toEqual([]);
      // A click that met no database was told so; whoever was told clicks again.
      const posted = async (): Promise<boolean> =>
        new Set(slack.channel("#access-requests").messages().map(numberOf)).size >= recorded.size;
      await slack.until(posted, "every request to be posted", patienceMs);
      await approveWaiting(site, "carol", "#access-requests");
      const settled = async (): Promise<boolean> => {
        const left = await site.query(
          `select from access_requests r left join grants g on g.request_id = r.id
           where r.status <> 'approved' or g.status is distinct from 'active' limit 1`,
        );
        return left.length === 0;
      };
      await slack.until(settled, "every decision to be carried out", patienceMs);
      await releaseClaims(site);
      await endGrantsIn(site, 0);
      const ended = async (): Promise<boolean> =>
        (await site.query("select from grants where status <> 'revoked' limit 1")).length === 0;
      await slack.until(ended, "all access to have ended", patienceMs);
      expect(await guarded.rolesOf("alice")).toEqual([]);
      expect(await guarded.rolesOf("bob")).toEqual([]);
      const count = recorded.size;
      const audited = await site.audited();
      for (const type of ["request.created", "request.approved", "grant.active", "grant.revoked"])
        expect({ [type]: audited[type] }).toEqual({ [type]: count });
      console.info(
        `${restarts} restarts under ${count} requests, of which ${acknowledged.length} were acknowledged.`,
      );
      await run.stop();
    },
    5 * patienceMs,
  );
});
