import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import type { CrashPoint } from "../../src/crash-point.ts";
import type { EventType } from "../../src/domain/audit-event.ts";
import { numberOf } from "../support/ask.ts";
import { lookLeaseSeconds } from "../../src/persistence/drift/looks.ts";
import type { Ending, Run } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import type { Slack } from "../support/slack.ts";
import { crashPolicy } from "./policy.ts";

/** A site and the one Hallpass that runs there, killed again and again. */
export type Stage = Site & {
  /** The Hallpass that runs now dies here; a new one if the last is dead or was to die elsewhere. */
  dyingAt(point: CrashPoint | undefined): Promise<Run>;
  /** Resolves once it is dead and the database has noticed. */
  died(run: Run): Promise<Ending>;
  /** Has everything that Hallpass keeps be so many seconds older, as if it had not run for that long. */
  letPass(seconds: number): Promise<void>;
  /** Resolves once all that is due is done. */
  quiet(): Promise<void>;
  /** What is audited after `since`, by the request it is about; in its order. */
  auditedSince(since: bigint): Promise<ReadonlyMap<number | undefined, readonly EventType[]>>;
  lastEvent(): Promise<bigint>;
  /** Forgets what is owed later, and takes away whatever is left after a failure. */
  clear(): Promise<void>;
  /** The approval messages in all channels, oldest first. */
  approvals(): readonly SeenMessage[];
  /** The latest of them. */
  latest(): SeenMessage;
};

const patienceMs = 60_000;

/** Channels that approval messages go to. */
const channels = ["#access-requests"] as const;

export async function openStage(): Promise<Stage> {
  // Starting takes all a processor has, and on a busy machine long; what takes how long is not looked at here.
  const site = await openSite({ transport: "http", slack: { ackTimeoutMs: patienceMs } });
  const slack: Slack = {
    ...site.slack,
    until: (condition, what, timeoutMs = patienceMs) => site.slack.until(condition, what, timeoutMs),
  };
  await writeFile(join(site.directory, "hallpass.yml"), crashPolicy(site.guarded.names));
  let current: { readonly run: Run; readonly point: CrashPoint | undefined } | undefined;
  const approvals = (): readonly SeenMessage[] => channels.flatMap((name) => slack.channel(name).messages());

  async function connections(): Promise<number> {
    const [row] = await site.query<{ count: number }>(
      "select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    return row?.count ?? 0;
  }

  return {
    ...site,
    slack,
    async dyingAt(point) {
      if (current?.run.isRunning() && current.point === point) return current.run;
      await current?.run.kill();
      const env = point === undefined ? {} : { NODE_ENV: "test", HALLPASS_CRASH_AT: point };
      current = { run: await site.start(env), point };
      return current.run;
    },
    async died(run) {
      const ending = await run.ended;
      // What it sent last may still be carried out.
      await slack.until(async () => (await connections()) === 0, "the database to notice");
      return ending;
    },
    async letPass(seconds) {
      const ago = `- ${seconds} * interval '1 second'`;
      await site.query(
        `with effects as (
           update effects set due_at = due_at ${ago}, retry_at = retry_at ${ago}, started_at = started_at ${ago},
             locked_until = locked_until ${ago} where done_at is null),
         grants as (
           update grants set active_at = active_at ${ago}, expires_at = expires_at ${ago},
             ending_since = ending_since ${ago}, last_used_at = last_used_at ${ago}),
         overdue as (
           update overdue_grants set since = since ${ago}, locked_until = locked_until ${ago}),
         looks as (
           update drift_looks set begun_at = begun_at ${ago}, looked_at = looked_at ${ago},
             claimed_until = claimed_until ${ago} - ${lookLeaseSeconds} * interval '1 second'),
         findings as (
           update drift_findings set removing_until = removing_until ${ago} - ${lookLeaseSeconds} * interval '1 second')
         update access_requests set created_at = created_at ${ago}, respond_by = respond_by ${ago},
           closed_at = closed_at ${ago}`,
      );
    },
    async quiet() {
      const due = async (): Promise<number> => {
        const [row] = await site.query<{ count: number }>(
          "select count(*)::int from effects where done_at is null and due_at <= now()",
        );
        return row?.count ?? 0;
      };
      await slack.until(async () => (await due()) === 0, "all that is due to be done");
    },
    async auditedSince(since) {
      const rows = await site.query<{ type: EventType; number: number | null }>(
        `select a.type, r.number from audit_events a left join access_requests r on r.id = a.request_id
         where a.seq > $1 and not (a.type = 'policy.loaded' and a.data ->> 'via' = 'start') order by a.seq`,
        [since],
      );
      const found = new Map<number | undefined, EventType[]>();
      for (const { type, number } of rows) {
        const key = number ?? undefined;
        found.set(key, [...(found.get(key) ?? []), type]);
      }
      return found;
    },
    async lastEvent() {
      const [row] = await site.query<{ seq: string }>(
        "select coalesce(max(seq), 0)::text as seq from audit_events",
      );
      return BigInt(row?.seq ?? 0);
    },
    async clear() {
      await site.query("update effects set done_at = now() where done_at is null");
      await site.query("update grants set status = 'revoked' where status <> 'revoked'");
      await site.query(
        "update access_requests set status = 'cancelled' where status in ('pending', 'approved')",
      );
      const { read, write, subject } = site.guarded.names;
      const people = ["alice", "bob", "erin"].map(subject).join(", ");
      await site.guarded.query(`revoke ${read}, ${write} from ${people}`);
    },
    approvals,
    latest() {
      const message = approvals()
        .toSorted((one, other) => numberOf(one) - numberOf(other))
        .at(-1);
      if (!message) throw new Error("no approval message was posted");
      return message;
    },
  };
}
