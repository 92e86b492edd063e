import { Client } from "pg";
import { createDatabaseClock } from "../../src/persistence/database/clock.ts";
import { claimRevocations } from "../../src/persistence/requests/due-revocations.ts";
import { dueEffects, nextInLane, untilNextDue } from "../../src/persistence/effects/effects.ts";
import { readHistory } from "../../src/persistence/requests/history.ts";
import {
  findAccountsInUse,
  findApprovedBy,
  findOpenRequests,
  listOpenRequests,
} from "../../src/persistence/requests/live-requests.ts";
import { findLockedRequests } from "../../src/persistence/requests/lockdowns.ts";
import { readLate } from "../../src/persistence/requests/overdue.ts";
import { findLater, readWaitingMessages } from "../../src/persistence/effects/owed-messages.ts";
import { readApprovalPast } from "../../src/persistence/requests/approval-past.ts";
import { readOwnPast } from "../../src/persistence/requests/own-past.ts";
import type { PrismaClient } from "../../src/generated/prisma/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { pagesOf } from "../support/explain.ts";

const clock = createDatabaseClock();
/** One of whom little is known, and one who has asked for years; of each a request waits and access is live. */
const [brief, old] = [1, 2];
const latest: Readonly<Record<number, string>> = { [brief]: idOf(brief, 0), [old]: idOf(old, 0) };

let own: TestDatabase;
let client: Client;
beforeAll(async () => {
  own = await createDatabase();
  client = new Client({ connectionString: own.url });
  await client.connect();
  await client.query("insert into policies (hash, text) values ('h', '')");
  await client.query("insert into people (id, key) select n, sha256('') from generate_series(1, 300) n");
  await client.query(
    `insert into lockdowns (id, kind, value, reason, locked_by, locked_at)
     values (gen_random_uuid(), 'resource', 'none', 'r', 'x', now())`,
  );
  // Others ask in between, as in life.
  for (const [person, count] of [
    [brief, 40],
    [old, 4_000],
  ] as const)
    await fill(person, count);
  // Only of what has reached the disk vacuum knows that everybody sees it.
  await client.query("checkpoint");
  await client.query("vacuum (analyze)");
  // The planner still believes that nothing is owed when much is: among millions that are done its sample finds none.
  await client.query("alter table effects set (autovacuum_enabled = off)");
});
afterAll(async () => {
  await client?.end();
  await own?.close();
});

function idOf(person: number, place: number): string {
  return `00000000-0000-7000-8000-${String(person * 1_000_000 + place).padStart(12, "0")}`;
}

/** \`count\` past requests, one an hour, and four of others' after each; nine of ten were approved and have ended. */
async function fill(person: number, count: number): Promise<void> {
  const id = (who: string): string =>
    `('00000000-0000-7000-8000-' || lpad((${who} * 1000000 + n)::text, 12, '0'))::uuid`;
  await client.query(
    `insert into access_requests (
       id, status, source, requester_email, requester_name, requester_account, requester_person, resource, role, duration_seconds,
       reason, policy_version, rule, terms, planned, decisions, created_at, closed_at, is_held, held_since, held_until)
     select ${id("w.who")}, s.status, 'slack', 'x', 'x', 'U' || w.who, w.who, 'orders-db', 'read', 3600, repeat('x', 500), 'h', 'r',
            '{}', '[]', case s.status when 'approved' then '[{"verdict": "approve", "person": 300}]'::jsonb else '[]' end, at,
            case when s.status <> 'pending' then at end, s.status = 'approved' and n <= 1, case s.status when 'approved' then at end,
            case when s.status = 'approved' and n > 1 then at end
     from generate_series($2::int, 0, -1) n
     cross join lateral (select $1::int as who union all select 3 + (k * 74 + $1::int * 7 + n) % 297 from generate_series(1, 4) k) w
     cross join lateral (select now() - n * interval '1 hour' as at,
       case when n = 0 then 'pending' when n % 10 = 0 then 'denied' else 'approved' end as status) s
     order by n desc`,
    [person, count],
  );
  await client.query(
    `insert into grants (id, request_id, status, provider, subject, target, duration_seconds, active_at, expires_at, revoked_at, revoke_reason)
     select gen_random_uuid(), id, case when held_until is null then 'active' else 'revoked' end, 'p', 's', '{}', 3600, held_since,
            held_since + interval '1 day', held_until, case when held_until is not null then 'expired' end
     from access_requests where held_since is not null and requester_person = $1`,
    [person],
  );
  await client.query(
    `insert into effects (id, request_id, kind, queue, lane, payload, due_at, done_at)
     select gen_random_uuid(), r.id, 'update_request', q, 'thread-' || r.id, '{}', r.created_at, r.created_at
     from access_requests r, unnest(array['messages', 'revocations', 'grants', 'deadlines']) q where requester_person = $1`,
    [person],
  );
}

const minuteOfDay = (at: Date): number => at.getUTCMinutes();
const pages = (ask: (db: PrismaClient) => Promise<unknown>): Promise<number> => pagesOf(client, ask);

describe("what is asked about one person costs no more after 4,000 requests than what may be read at most", () => {
  it("what they held, hold and were denied", async () => {
    // 200 of each are read, at worst each in a page of its own.
    expect(await pages((db) => readHistory(db, old))).toBeLessThan(450);
    expect(await pages((db) => readHistory(db, old, { exceptId: latest[old] }))).toBeLessThan(450);
    const lately = { clock: createDatabaseClock(), seconds: 5 * 3_600 };
    expect(await pages((db) => readHistory(db, old, { lately }))).toBeLessThan(40);
    const { history } = await readHistoryOf(old);
    expect(history.grants).toHaveLength(200);
    expect(history.grants[0]?.endedAt).toBeUndefined();
    expect(history.denials).toHaveLength(200);
  });

  it("what they have asked for before", async () => {
    const [few, many] = [await pages(ownPast(brief)), await pages(ownPast(old))];
    // 200 rows are read at most, each in a page of its own.
    expect(many - few).toBeLessThan(250);
  });

  it("whether they have asked for a resource before that they have not", async () => {
    await client.query("update access_requests set resource = 'new' where id = $1", [latest[old]]);
    expect(await pages(ownPast(old))).toBeLessThan(250);
  });

  it("what people have approved for them and for the resource", async () => {
    const past = (db: PrismaClient): Promise<unknown> =>
      readApprovalPast(
        db,
        { id: idOf(old, 1), resource: "orders-db", requester: { id: old } },
        { approver: 300, at: new Date() },
      );
    // 500 rows at most in each of two parts, and all of a month in the others.
    expect(await pages(past)).toBeLessThan(2_600);
  });

  it.each([
    ["listed for them", (person: number) => (db: PrismaClient) => listOpenRequests(db, person)],
    [
      "found when they leave",
      (person: number) => (db: PrismaClient) => findOpenRequests(db, { account: `U${person}`, person }),
    ],
  ])("what of theirs is open, %s", async (_, of) => {
    const [few, many] = [await pages(of(brief)), await pages(of(old))];
    expect(many).toBeLessThanOrEqual(few + 10);
    expect(many).toBeLessThan(60);
  });
});

describe("what is asked again and again while nothing happens does not look at all that is over", () => {
  it.each([
    ["what is open and locked down", findLockedRequests],
    ["whose account something depends on", findAccountsInUse],
    ["whose approval counts", (db: PrismaClient) => findApprovedBy(db, [300])],
    ["what is late", (db: PrismaClient) => readLate(db, clock)],
    ["what is due", (db: PrismaClient) => dueEffects(db, clock, 200)],
    ["what will be due", (db: PrismaClient) => untilNextDue(db, clock)],
    ["which messages wait", (db: PrismaClient) => readWaitingMessages(db, clock)],
    [
      "what is to end",
      (db: PrismaClient) => claimRevocations(db, clock, { limit: 30, aheadMs: 150, busy: [] }),
    ],
  ])("%s", async (_, ask) => {
    // Some twenty requests are open or waiting, of twenty thousand.
    expect(await pages(ask)).toBeLessThan(100);
  });
});

describe("once much is owed all at once, what is owed in a lane is found without looking at all that is owed", () => {
  const lane = "lane 1500";
  let id: string;
  beforeAll(async () => {
    await client.query(
      `insert into effects (id, request_id, kind, queue, lane, payload, due_at)
       select gen_random_uuid(), r.id, k, 'messages', 'lane ' || n, '{}', now() - interval '1 hour'
       from (select id, row_number() over (order by number) as n from access_requests order by number limit 3000) r,
            unnest(array['update_request', 'tell_thread']) k`,
    );
    const { rows } = await client.query<{ id: string }>(
      "select id from effects where lane = $1 order by seq",
      [lane],
    );
    id = rows[0]?.id ?? "";
  });

  it.each([
    ["its next", (db: PrismaClient) => nextInLane(db, clock, lane)],
    ["what goes with one", (db: PrismaClient) => findLater(db, clock, { id, lane, kind: "update_request" })],
  ])("%s", async (_, ask) => {
    expect(await pages(ask)).toBeLessThan(12);
  });

  it("what is first in its lane, of everything that is due", async () => {
    // Of 6,000 that are due 3,000 are first, and each is held against its lane only.
    expect(await pages((db) => dueEffects(db, clock, 200))).toBeLessThan(60_000);
  });
});

const ownPast = (person: number) => (db: PrismaClient) => readOwnPast(db, latest[person] ?? "", minuteOfDay);

async function readHistoryOf(person: number): ReturnType<typeof readHistory> {
  let read: Awaited<ReturnType<typeof readHistory>> | undefined;
  await pages(async (db) => (read = await readHistory(db, person)));
  if (!read) throw new Error("nothing was read");
  return read;
}
