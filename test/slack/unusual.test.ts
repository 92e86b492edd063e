import { openDatabase } from "../../src/persistence/database/database.ts";
import { readFlagged } from "../support/flagged.ts";
import type { SeenMessage } from "../../slack-simulator/seen.ts";
import { ask, numberOf, threadSays, toldAlone } from "../support/ask.ts";
import { startWorld, type World } from "../support/hallpass.ts";
import { policyWith } from "../support/rules.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

type Past = {
  readonly requester: string;
  readonly resource: string;
  readonly count: number;
  /** The first of them; the others are one day before one another. */
  readonly daysAgo?: number;
  /** Hours before now, by the clock; so many hours before each whole day. */
  readonly hours?: number;
  readonly approver?: string;
  readonly denied?: boolean;
};

/** Requests that were filed and decided before Hallpass was started. */
async function hadAsked(past: Past): Promise<void> {
  const { requester, resource, count, daysAgo = 1, hours = 0, approver = "carol", denied = false } = past;
  const verdict = denied ? "deny" : "approve";
  const [met] = await world.query<{ person: number }>("select test_person($1) as person", [
    `${approver}@example.com`,
  ]);
  const decisions = [
    {
      verdict,
      person: met?.person,
      email: `${approver}@example.com`,
      name: approver,
      at: "2026-01-01T00:00:00Z",
    },
  ];
  await world.query(
    `insert into access_requests (
       id, status, source, requester_email, requester_name, requester_person, resource, role, duration_seconds, reason, policy_version,
       terms, planned, decisions, created_at, closed_at)
     select gen_random_uuid(), $4, 'slack', $1, $1, test_person($1), $2, 'write', 3600, 'before', (select hash from policies limit 1),
       $5, '[]', $6, t, t
     from (select now() - (d + $3) * interval '1 day' - $7 * interval '1 hour' as t
           from generate_series($8::int - 1, 0, -1) d) days`,
    [
      `${requester}@example.com`,
      resource,
      daysAgo,
      denied ? "denied" : "approved",
      JSON.stringify({
        verdict: "review",
        resourceTitle: resource,
        roleTitle: "write",
        risk: "low",
        channel: "#access-requests",
        alerts: "#access-alerts",
        steps: [],
      }),
      JSON.stringify(decisions),
      hours,
      count,
    ],
  );
}

async function flagged(number: number, type: string): Promise<readonly unknown[]> {
  const rows = await world.query<{ data: unknown }>(
    `select data from audit_events a join access_requests r on r.id = a.request_id
     where r.number = $1 and a.type = $2`,
    [number, type],
  );
  return rows.map(({ data }) => data);
}

it("what is unusual stands on the approval message from the first until the end, and in the audit once", async () => {
  const { slack } = world;
  await hadAsked({ requester: "alice", resource: "staging", count: 24, hours: 12 });
  const message = await ask(world, "alice", "orders-db write 4h looking", "#orders-approvals");
  const first = "⚠️ First time for this resource: of their last 24 requests none was for orders-db";
  const hour =
    /⚠️ Unusual hour: asks at \d\d:\d\d; of their last 24 requests none was between \d\d:00 and \d\d:00/;
  const long =
    "⚠️ Unusually long: asks for 4h, usually for 1h; of their last 24 requests none was for as long";
  // As it was posted, before anything has changed it.
  expect(message.visibleText).toContain(first);
  expect(message.visibleText).toMatch(hour);
  expect(message.visibleText).toContain(long);
  expect(message.buttons).toEqual(["Approve", "Deny"]);

  await slack.as("bob").presses(message, "Approve");
  await threadSays(world, message, "Granted to");
  await slack.until(
    () => slack.fresh(message).buttons.includes("End access"),
    "the message to show the access",
  );
  expect(slack.fresh(message).visibleText).toContain(first);
  expect(await flagged(numberOf(message), "request.flagged")).toEqual([
    {
      flags: [
        { kind: "unusual_hour", why: expect.stringMatching(/^asks at/) },
        { kind: "first_time", why: "of their last 24 requests none was for orders-db" },
        { kind: "long_duration", why: expect.stringContaining("for 4h") },
      ],
    },
  ]);
  expect(await world.audited(numberOf(message))).toContain("grant.active");
});

/** Has effects of one kind carried out once more, as after a crash that forgot that they were. */
async function doneAgain(message: SeenMessage, kind: string): Promise<void> {
  const isOf = "kind = $1 and request_id = (select id from access_requests where number = $2)";
  const values = [kind, numberOf(message)];
  const done = (): Promise<unknown> =>
    world.slack.until(
      async () =>
        (await world.query(`select from effects where ${isOf} and done_at is null`, values)).length === 0,
      `${kind} to be done`,
    );
  await done();
  await world.query(`update effects set done_at = null where ${isOf}`, values);
  world.advance(1_000);
  await done();
}

it("a message that is posted a second time looks at nothing a second time", async () => {
  const message = await ask(world, "alice", "ghost-db any 1h looking");
  const [before] = await flagged(numberOf(message), "request.flagged");
  expect(before).toBeDefined();
  await hadAsked({ requester: "alice", resource: "ghost-db", count: 1 });
  await world.query(
    "delete from messages where request_id = (select id from access_requests where number = $1)",
    [numberOf(message)],
  );
  await doneAgain(message, "post_request");
  expect(await flagged(numberOf(message), "request.flagged")).toEqual([before]);
});

it("more than three are counted", async () => {
  await hadAsked({ requester: "erin", resource: "staging", count: 24, daysAgo: 8, hours: 12 });
  for (const resource of ["orders-db", "staging", "staging", "staging"])
    await hadAsked({ requester: "erin", resource, count: 1, hours: 1, daysAgo: 0, denied: true });
  const message = await ask(world, "erin", "orders-db write 4h looking", "#orders-approvals");
  expect(message.visibleText).toMatch(
    /Denied a short while ago: asks 1h\w* after orders-db:write was denied \(AR-\d+\)/,
  );
  expect(message.visibleText).toContain("Many denials lately: of their");
  expect(message.visibleText).toMatch(/⚠️ and 1 more; the audit has it/);
  expect(message.visibleText.split("⚠️")).toHaveLength(5);
});

it("what cannot be found out or remembered holds no message up", async () => {
  await world.query("alter table access_requests add constraint forgetful check (flags is null) not valid");
  const message = await ask(world, "erin", "orders-db write 4h looking on", "#orders-approvals");
  await world.query("alter table access_requests drop constraint forgetful");
  expect(message.visibleText).not.toContain("⚠️");
  expect(message.buttons).toEqual(["Approve", "Deny"]);
  expect(await flagged(numberOf(message), "request.flagged")).toEqual([]);
});

it("a slip is no denial: only people and deny rules deny", async () => {
  const other = await startWorld({
    policy: policyWith(`
  - { name: nobody reads ghosts, requesters: [everyone], access: ["ghost-db:any"], decision: deny }
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    max_duration: 8h
    approvals: [{ from: [group:leads] }]
`),
  });
  try {
    for (const [who, slip] of [
      ["alice", "orders-db read 20h too long"],
      ["erin", "ghost-db any 1h whatever"],
    ] as const) {
      for (let time = 0; time < 4; time += 1) {
        await other.slack.as(who).types(`/request-access ${slip}`);
        await toldAlone(other, who, `(Recorded as AR-`);
      }
    }
    const slipped = await ask(other, "alice", "orders-db read 1h after four slips");
    expect(slipped.visibleText).not.toContain("Many denials lately");
    const refused = await ask(other, "erin", "orders-db read 1h after four refusals");
    expect(refused.visibleText).toContain("Many denials lately: of their 4 requests decided");
  } finally {
    await other.stop();
  }
});

it("what everybody does is not unusual, and nothing is recorded", async () => {
  const message = await ask(world, "bob", "orders-db read 1h looking");
  expect(message.visibleText).not.toContain("⚠️");
  expect(await flagged(numberOf(message), "request.flagged")).toEqual([]);
});

it("who approved for the first time, and whoever approve one another, are said in the thread and recorded once", async () => {
  const { slack } = world;
  await hadAsked({ requester: "dana", resource: "ghost-db", count: 9 });
  await hadAsked({ requester: "bob", resource: "staging", count: 3, approver: "alice" });
  await hadAsked({ requester: "alice", resource: "staging", count: 2, approver: "bob" });
  const message = await ask(world, "alice", "ghost-db any 1h looking again");
  await slack.as("bob").presses(message, "Approve");
  const told = await threadSays(world, message, "New approver");
  expect(told.visibleText).toContain(
    "the approver approved none of the last 10 that were approved for ghost-db",
  );
  expect(told.visibleText).toMatch(
    /They approve one another: in 30 days the approver approved \d requests of the requester, this one included, and the requester 3 of the approver/,
  );
  await doneAgain(message, "tell_thread");
  expect(await flagged(numberOf(message), "approval.flagged")).toEqual([
    {
      // Sealed: an address is nobody's to read in the rows.
      approver: expect.not.stringContaining("bob"),
      decision: 0,
      flags: [
        { kind: "new_approver", why: expect.any(String) },
        { kind: "mutual_approvals", why: expect.any(String) },
      ],
    },
  ]);
  const database = openDatabase(world.database.url);
  const found = await readFlagged(database.prisma, {
    from: new Date(0),
    until: new Date(Date.now() + 86_400_000),
  });
  await database.close();
  const one = found.find(({ number }) => number === numberOf(message));
  expect(one).toMatchObject({ requester: "alice@example.com", resource: "ghost-db", role: "any" });
  expect(one?.flags.map(({ kind, approver }) => [kind, approver])).toEqual(
    expect.arrayContaining([
      ["new_approver", "bob@example.com"],
      ["mutual_approvals", "bob@example.com"],
    ]),
  );
});
