import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { type AccessAnswer, requestAccess } from "../../src/access/requests/request-access.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
  - name: writing, one at a time
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: allow
    max_active: 1
`;
const apart = `
conflicts:
  - { name: readers do not write, between: ["orders-db:read", "orders-db:write"] }
`;

let office: Office;
let gate: Client;
async function open(settings: string): Promise<void> {
  office = await openOffice({ policy: policyWith(rules, settings) });
  gate = new Client({ connectionString: office.url });
  await gate.connect();
}
afterEach(async () => {
  await gate?.end();
  await office?.close();
});

function ask(role: string, key: string, requester = alice): Promise<AccessAnswer> {
  return requestAccess(office, {
    requester,
    resource: "orders-db",
    role,
    durationSeconds: 3600,
    reason: "looking",
    source: "slack",
    dedupeKey: key,
  });
}

async function pending(): Promise<string> {
  const answer = await ask("read", "read");
  if (answer.outcome !== "filed") throw new Error(answer.outcome);
  return answer.request.id;
}

/** Has both judged by what they find now, and recorded only then. */
async function atOnce<One, Other>(
  one: () => Promise<One>,
  other: () => Promise<Other>,
): Promise<[One, Other]> {
  await gate.query("begin");
  // Reading goes on.
  await gate.query("lock table access_requests in share mode");
  const both = Promise.all([one(), other()]);
  for (;;) {
    const waiting = await office.db.$queryRaw<unknown[]>`
      select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.length === 2) break;
    await sleep(10);
  }
  await gate.query("commit");
  return both;
}

async function approvedRoles(): Promise<readonly string[]> {
  const approved = await office.db.accessRequest.findMany({ where: { status: "approved" } });
  return approved.map(({ role }) => role);
}

describe("two requests of one person that are given at the same moment", () => {
  it("do not both pass what keeps them apart: an approval and an ask that is allowed", async () => {
    await open(apart);
    const requestId = await pending();
    const approve = { requestId, by: bob, verdict: { type: "approve" }, key: "click" } as const;
    const [decision, answer] = await atOnce(
      () => decideRequest(office, approve),
      () => ask("write", "write"),
    );
    expect(await approvedRoles()).toHaveLength(1);
    const refusals = [
      ...(decision.decided ? [] : [decision.why]),
      ...(answer.outcome === "refused" ? [answer.why] : []),
    ];
    expect(refusals).toEqual([expect.stringContaining("readers do not write")]);
  });

  it("do not both pass a limit", async () => {
    await open("");
    const answers = await atOnce(
      () => ask("write", "one"),
      () => ask("write", "other"),
    );
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(["filed", "refused"]);
    expect(await approvedRoles()).toEqual(["write"]);
  });

  it("are both given where nothing keeps them apart, each counted", async () => {
    await open("");
    const requestId = await pending();
    const approve = { requestId, by: bob, verdict: { type: "approve" }, key: "click" } as const;
    const [decision, answer] = await atOnce(
      () => decideRequest(office, approve),
      () => ask("write", "write"),
    );
    expect([decision.decided, answer.outcome]).toEqual([true, "filed"]);
    expect(await office.db.requester.findMany()).toEqual([{ personId: 1, approvals: 2 }]);
  });

  it("are one where it is the same interaction, delivered twice", async () => {
    await open("");
    const answers = await atOnce(
      () => ask("write", "same"),
      () => ask("write", "same"),
    );
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(["filed", "repeated"]);
    expect(await approvedRoles()).toEqual(["write"]);
  });

  it("wait for nobody else's", async () => {
    await open("");
    const answers = await atOnce(
      () => ask("write", "alice"),
      () => ask("write", "bob", bob),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(["filed", "filed"]);
  });
});
