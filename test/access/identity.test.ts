import type { Caller } from "../../src/identity/caller.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { offboard } from "../../src/access/lockdown/offboard.ts";
import { requestAccess, type AccessAnswer } from "../../src/access/requests/request-access.ts";
import { pino } from "pino";
import { onAccountChanged } from "../../src/slack/listeners/account-changed.ts";
import { actorOf } from "../../src/domain/request/consequences.ts";
import { PeopleChanged } from "../../src/identity/people.ts";
import { nameKey } from "../../src/identity/recognise.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { beginLockdown, readLockdowns } from "../../src/persistence/requests/lockdowns.ts";
import { joinByHand, splitByHand } from "../../src/persistence/people/people-by-hand.ts";
import { dropCachedPeople } from "../../src/persistence/people/people-memory.ts";
import { offboardLeavers } from "../../src/slack/directory/leavers.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - { name: not by those who left billing, requesters: [amy@example.com], access: ["orders-db:write"], decision: deny, message: no }
  - name: one at a time
    requesters: [everyone]
    access: ["orders-db:*"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_active: 1
    cooldown: 1h
`;

let office: Office;
beforeEach(async () => {
  office = await openOffice({ policy: policyWith(rules) });
});
afterEach(() => office?.close());

/** Alice with the same account and another address. */
const amy: Caller = { ...alice, email: "amy@example.com" };

function ask(requester: Caller, role = "read", reason = "looking"): Promise<AccessAnswer> {
  return requestAccess(office, {
    requester,
    resource: "orders-db",
    role,
    durationSeconds: 3600,
    reason,
    source: "slack",
  });
}

const gone = { is: "gone", why: "they are a guest in Slack" } as const;

describe("limits count for a person, whatever address they show", () => {
  it("what they hold", async () => {
    await office.approved();
    await office.drain();
    office.accounts.set("UALICE", { is: "here", caller: amy });
    expect(await ask(amy, "read", "more")).toMatchObject({ refusals: [{ kind: "too_many", held: 1 }] });
  });

  it("and how long ago it was", async () => {
    const { request } = await office.approved();
    await office.drain();
    await offboard(office, "UALICE");
    office.accounts.set("UALICE", gone);
    await offboard(office, "UALICE");
    await office.drain();
    expect((await office.state(request.id)).grants[0]?.status).toBe("revoked");
    expect(await ask(amy, "read", "at once")).toMatchObject({ refusals: [{ kind: "too_soon" }] });
  });

  it("and whoever a rule denies is denied under every address of theirs", async () => {
    expect(await ask(amy, "write")).toMatchObject({ refusals: [{ kind: "denied" }] });
    expect(await ask(alice, "write")).toMatchObject({ refusals: [{ kind: "denied" }] });
    expect(await ask({ ...bob, account: "UBOB" }, "write")).toMatchObject({ outcome: "filed" });
  });
});

describe("whoever asked is looked at again before the provider is called", () => {
  it("nothing is granted to who has left since the approval, whether or not anybody was told", async () => {
    const { request } = await office.approved();
    office.accounts.set("UALICE", gone);
    await office.drain();
    expect(office.provider.held.size).toBe(0);
    expect(office.provider.calls).not.toContain("grant");
    expect((await office.state(request.id)).grants[0]).toMatchObject({
      status: "revoked",
      revokeReason: "offboarded",
    });
  });

  it("where Slack cannot be asked it waits, and is granted once it can", async () => {
    const { request } = await office.approved();
    office.accounts.set("UALICE", { is: "unknown", why: "Slack could not be asked about them" });
    await office.drain();
    expect(office.provider.calls).toEqual([]);
    expect((await office.effects("grant"))[0]?.lastError).toBe("Slack could not be asked about them");
    office.accounts.set("UALICE", { is: "here", caller: alice });
    office.clock.advance(10_000);
    await office.drain();
    const [grant] = (await office.state(request.id)).grants;
    expect(grant?.status).toBe("active");
    // The clock of the access starts when it was asked for, not when it could not be.
    expect(grant?.activeAt?.getTime()).toBeGreaterThan((request.closedAt?.getTime() ?? Infinity) + 9_000);
  });

  it("an approval of a request whose requester cannot be asked about decides nothing", async () => {
    const filed = await ask(alice);
    if (filed.outcome !== "filed") throw new Error(filed.outcome);
    office.accounts.set("UALICE", { is: "unknown", why: "Slack could not be asked about them" });
    const decision = {
      requestId: filed.request.id,
      by: bob,
      verdict: { type: "approve" } as const,
      key: "1",
    };
    expect(await decideRequest(office, decision)).toMatchObject({ refusal: "requester_unknown" });
    expect((await office.state(filed.request.id)).request.status).toBe("pending");
    office.accounts.set("UALICE", { is: "here", caller: alice });
    expect(await decideRequest(office, { ...decision, key: "2" })).toMatchObject({ decided: true });
  });
});

it("whoever has left since they were looked up approves nothing", async () => {
  const filed = await ask(alice);
  if (filed.outcome !== "filed") throw new Error(filed.outcome);
  const by = { ...bob, account: "UBOB" };
  await office.people.resolve(by);
  const approve = { requestId: filed.request.id, by, verdict: { type: "approve" } as const };
  office.accounts.set("UBOB", gone);
  expect(await decideRequest(office, { ...approve, key: "1" })).toMatchObject({ refusal: "approver_gone" });
  office.accounts.set("UBOB", { is: "unknown", why: "Slack could not be asked about them" });
  expect(await decideRequest(office, { ...approve, key: "2" })).toMatchObject({
    refusal: "approver_unknown",
  });
  expect((await office.state(filed.request.id)).request).toMatchObject({ status: "pending", decisions: [] });
  office.accounts.set("UBOB", { is: "here", caller: by });
  expect(await decideRequest(office, { ...approve, key: "3" })).toMatchObject({ decided: true });
});

describe("looking for who has left", () => {
  it("goes on past an account that cannot be looked up, and past one whose end fails", async () => {
    const filed: string[] = [];
    for (const [account, email] of [
      ["UANN", "ann@example.com"],
      ["UBEA", "bea@example.com"],
      ["UCAT", "cat@example.com"],
    ] as const) {
      const answer = await ask({ account, email, name: account });
      if (answer.outcome !== "filed") throw new Error(JSON.stringify(answer));
      filed.push(answer.request.id);
    }
    office.accounts.set("UCAT", { is: "gone", why: "Slack does not know their account any more" });
    office.accounts.set("UBEA", { is: "unknown", why: "Slack could not be asked about them" });
    const lookUp: typeof office.lookUp = (account) =>
      account === "UANN" ? Promise.reject(new Error("a fault of ours")) : office.lookUp(account);
    await offboardLeavers({ ...office, lookUp, log: pino({ level: "silent" }) });
    const statuses = await Promise.all(filed.map(async (id) => (await office.state(id)).request.status));
    expect(statuses).toEqual(["pending", "pending", "cancelled"]);
  });

  it("looks at approved access that was not started, and at whose approvals count", async () => {
    await office.close();
    office = await openOffice({
      policy: policyWith(`
  - name: later
    requesters: [everyone]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    start_within: 8h
  - name: two
    requesters: [everyone]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ count: 2, from: [group:leads] }]
`),
    });
    const { request } = await office.approved();
    const two = await ask(alice, "write");
    if (two.outcome !== "filed") throw new Error(two.outcome);
    await decideRequest(office, { requestId: two.request.id, by: bob, verdict: approve, key: "bob" });
    office.accounts.set("UALICE", gone);
    await offboardLeavers({ ...office, log: pino({ level: "silent" }) });
    expect((await office.state(request.id)).request.status).toBe("cancelled");
    expect((await office.state(two.request.id)).request.status).toBe("cancelled");
  });

  it("whose approval counts and who has left has it discounted", async () => {
    const requestId = await openByTwo("write");
    await decideRequest(office, { requestId, by: bob, verdict: approve, key: "bob" });
    office.accounts.set("UBOB", gone);
    await offboardLeavers({ ...office, log: pino({ level: "silent" }) });
    expect((await office.state(requestId)).request.decisions).toMatchObject([
      { person: 2, discounted: "offboarded" },
    ]);
    expect(await office.events()).toContain("approval.discounted");
  });
});

const byTwo = `
  - name: two
    requesters: [everyone]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ count: 2, from: [bob@example.com, carol@example.com, amy@example.com] }]
  - name: one, then another
    requesters: [everyone]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [bob@example.com, carol@example.com] }, { from: [cora@example.com] }]
`;
const cara: Caller = { account: "UCAROL", email: "carol@example.com", name: "Carol" };
const approve = { type: "approve" } as const;

async function openByTwo(role: string): Promise<string> {
  await office.close();
  office = await openOffice({ policy: policyWith(byTwo) });
  const filed = await ask(alice, role);
  if (filed.outcome !== "filed") throw new Error(filed.outcome);
  return filed.request.id;
}

it("an address somebody showed before lets them fill no step", async () => {
  const requestId = await openByTwo("read");
  await office.people.resolve({ ...cara, email: "cora@example.com" });
  await decideRequest(office, { requestId, by: cara, verdict: approve, key: "carol" });
  const answer = await decideRequest(office, { requestId, by: bob, verdict: approve, key: "bob" });
  expect(answer).toMatchObject({ refusal: "not_yet_your_step", approvers: ["cora@example.com"] });
  expect((await office.state(requestId)).request.status).toBe("pending");
});

it("an approval counts for the address its giver shows now", async () => {
  const requestId = await openByTwo("write");
  await decideRequest(office, { requestId, by: bob, verdict: approve, key: "bob" });
  office.accounts.set("UBOB", { is: "here", caller: { ...bob, email: "bobby@example.com" } });
  await decideRequest(office, { requestId, by: cara, verdict: approve, key: "carol" });
  expect((await office.state(requestId)).request.status).toBe("pending");
});

it.each(["approve", "deny"] as const)(
  "where an approver turns out to be who asked, others still %s",
  async (type) => {
    const requestId = await openByTwo("write");
    const amys: Caller = { account: "UAMY", email: "amy@example.com", name: "Amy" };
    await decideRequest(office, { requestId, by: amys, verdict: approve, key: "amy" });
    await office.people.resolve({ ...amys, email: alice.email });
    expect(office.accounts.changes).toMatchObject([{ type: "person.joined" }]);
    const verdict = type === "approve" ? approve : { type, reason: "no" };
    for (const by of [bob, cara]) await decideRequest(office, { requestId, by, verdict, key: by.name });
    const { request } = await office.state(requestId);
    expect(request.status).toBe(type === "approve" ? "approved" : "denied");
    expect(request.decisions[0]?.discounted).toBe(type === "approve" ? "own" : undefined);
  },
);

/** The office, in which somebody is locked down at the last moment. */
function lockingDown(
  person: number,
  when: { readonly lookUp?: boolean; readonly statement?: boolean },
): typeof office {
  const data = { kind: "person", value: bob.email, reason: "their laptop was stolen" } as const;
  let begun: Promise<boolean> | undefined;
  const lock = (): Promise<boolean> =>
    (begun ??= beginLockdown(
      office.db,
      office.clock,
      { ...data, person },
      {
        by: "dana@example.com",
        event: {
          type: "lockdown.begun",
          at: new Date(),
          actor: { kind: "person", email: "dana@example.com" },
          data,
        },
      },
    ));
  const db = new Proxy(office.db, {
    get(target, key) {
      const property: unknown = Reflect.get(target, key);
      if (typeof property !== "function") return property;
      if (key !== "$queryRaw") return property.bind(target) as unknown;
      return async (...statement: readonly unknown[]): Promise<unknown> => {
        if (JSON.stringify(statement[0]).includes("changed as (")) await lock();
        return Reflect.apply(property, target, statement) as unknown;
      };
    },
  });
  return {
    ...office,
    ...(when.statement === true && { db }),
    ...(when.lookUp === true && {
      lookUp: async (account: string) => {
        await lock();
        return office.lookUp(account);
      },
    }),
  };
}

describe("whoever is locked down while it is found out what they may do", () => {
  it.each([
    ["while Slack is asked", { lookUp: true }],
    ["as it is written", { statement: true }],
  ])("approves nothing: %s", async (_when, when) => {
    const requestId = await openByTwo("write");
    await decideRequest(office, { requestId, by: cara, verdict: approve, key: "carol" });
    const { id } = await office.people.resolve(bob);
    const answer = await decideRequest(lockingDown(id, when), {
      requestId,
      by: bob,
      verdict: approve,
      key: "bob",
    });
    expect(answer).toMatchObject({ decided: false, refusal: "locked_down" });
    expect((await office.state(requestId)).request.status).toBe("pending");
  });

  it("does not have their approval complete a request by another's", async () => {
    const requestId = await openByTwo("write");
    await decideRequest(office, { requestId, by: bob, verdict: approve, key: "bob" });
    await decideRequest(lockingDown(2, { statement: true }), {
      requestId,
      by: cara,
      verdict: approve,
      key: "carol",
    });
    const { request } = await office.state(requestId);
    expect(request.status).toBe("pending");
    expect(request.decisions).toMatchObject([{ person: 2, discounted: "lockdown" }, { verdict: "approve" }]);
  });
});

describe("what Slack tells late", () => {
  const old: Caller = { account: "UOLD", email: "gus@example.com", name: "Gus" };
  const account = {
    id: "UOLD",
    name: "Gus",
    email: "gus@example.com",
    isEmailConfirmed: true,
    isDeactivated: false,
    isBot: false,
    isGuest: false,
    isStranger: false,
    teamId: "T1",
    workspaceIds: [],
    enterpriseId: undefined,
  };
  const workspace = { teamId: "T1", enterpriseId: undefined };

  it("joins nobody to who has left meanwhile", async () => {
    const first = await office.people.resolve(old);
    office.accounts.set("UOLD", gone);
    const second = await office.people.resolve({ ...old, account: "UNEW" });
    expect(second.id).not.toBe(first.id);
    await onAccountChanged({ ...office, workspace }, account);
    expect(office.accounts.changes).toMatchObject([{ type: "person.passed" }]);
  });
});

it("two people who turn out to be one have not approved one another's", async () => {
  const filed = await ask(alice);
  if (filed.outcome !== "filed") throw new Error(filed.outcome);
  const mallory: Caller = { account: "UMALLORY", email: "bob@example.com", name: "M" };
  await office.people.resolve(bob);
  await office.people.resolve({ ...alice, email: "bob@example.com" });
  expect(office.accounts.changes).toMatchObject([{ type: "person.joined" }]);
  for (const [index, by] of [bob, mallory].entries()) {
    const decision = { requestId: filed.request.id, by, verdict: approve, key: `click ${index}` };
    expect(await decideRequest(office, decision)).toMatchObject({ refusal: "own_request" });
  }
});

describe("an operator tells people apart, or makes them one, beside the bot", () => {
  const one: Caller = { account: "UGUS1", email: "gus@example.com", name: "Gus" };
  const two: Caller = { account: "UGUS2", email: "gus2@example.com", name: "Gus" };
  let other: Database;

  beforeEach(async () => {
    await office.close();
    office = await openOffice({
      policy: policyWith(`
  - { name: no Amy, requesters: [amy@example.com], access: ["orders-db:write"], decision: deny, message: no }
  - name: anything
    requesters: [everyone]
    access: ["orders-db:*"]
    decision: review
    approvals: [{ count: 2, from: [gus@example.com, gus2@example.com, bob@example.com] }]
`),
    });
    other = openDatabase(office.workUrl);
    office.accounts.set("UGUS2", { is: "here", caller: two });
  });
  afterEach(() => other?.close());

  const idOf = async (caller: Caller): Promise<number> => (await office.people.resolve(caller)).id;

  /** The bot knows them as one by then, and has just been asked who the second is. */
  async function split(): Promise<{ readonly first: number; readonly second: number }> {
    const [first, second] = [await idOf(one), await idOf(two)];
    await joinByHand(other.prisma, office.clock, first, second);
    await ask(bob, "write", "so that the bot hears of it");
    expect(await idOf(two)).toBe(first);
    const names = ["UGUS2", "gus2@example.com"].map(nameKey);
    expect(await splitByHand(other.prisma, office.clock, { person: first, names })).toMatchObject({
      other: second,
    });
    return { first, second };
  }

  it("whoever was split off files as who they are, and decides nothing of their own", async () => {
    const { second } = await split();
    const filed = await ask(two);
    if (filed.outcome !== "filed") throw new Error(filed.outcome);
    expect(filed.request.requester.id).toBe(second);
    const decision = { requestId: filed.request.id, by: two, verdict: approve, key: "own" };
    expect(await decideRequest(office, decision)).toMatchObject({ refusal: "own_request" });
  });

  it("and approves as who they are, once", async () => {
    const filed = await ask(alice);
    if (filed.outcome !== "filed") throw new Error(filed.outcome);
    const { second } = await split();
    const decision = { requestId: filed.request.id, by: two, verdict: approve };
    expect(await decideRequest(office, { ...decision, key: "1" })).toMatchObject({ decided: true });
    expect(await decideRequest(office, { ...decision, key: "2" })).toMatchObject({ decided: false });
    const { request } = await office.state(filed.request.id);
    expect(request).toMatchObject({ status: "pending", decisions: [{ person: second }] });
  });

  it("what was judged of a number is not written once who is who has changed about it", async () => {
    const { first, second } = await split();
    const lockdown = { kind: "person", value: "gus2@example.com", reason: "rogue" } as const;
    const event = {
      type: "lockdown.begun",
      at: new Date(),
      actor: { kind: "hallpass" },
      data: lockdown,
    } as const;
    const begin = (person: number): Promise<boolean> =>
      beginLockdown(office.db, office.clock, { ...lockdown, person }, { event, by: "dana@example.com" });
    await expect(begin(first)).rejects.toBeInstanceOf(PeopleChanged);
    expect(await readLockdowns(office.db)).toEqual([]);
    expect(await begin(second)).toBe(true);
  });

  it("nor where the process has heard of the change between", async () => {
    await split();
    const by = await office.people.resolve(two);
    dropCachedPeople(office.db);
    const event = {
      type: "audit.asked",
      at: new Date(),
      actor: actorOf(by),
      data: { question: "who", via: "slack" },
    } as const;
    await expect(recordEvent(office.db, event)).rejects.toBeInstanceOf(PeopleChanged);
    expect(await office.events()).not.toContain("audit.asked");
  });

  it("nor where nothing was written since who somebody is was asked", async () => {
    const filed = await ask(alice);
    if (filed.outcome !== "filed") throw new Error(filed.outcome);
    const [first, second] = [await idOf(one), await idOf(two)];
    await joinByHand(other.prisma, office.clock, first, second);
    dropCachedPeople(office.db);
    const by = await office.people.resolve(two);
    expect(by.id).toBe(first);
    const names = ["UGUS2", "gus2@example.com"].map(nameKey);
    await splitByHand(other.prisma, office.clock, { person: first, names });
    const decision = { requestId: filed.request.id, by: two, verdict: approve, key: "1" };
    expect(await decideRequest(office, decision)).toMatchObject({ decided: true });
    expect((await office.state(filed.request.id)).request.decisions).toMatchObject([{ person: second }]);
  });

  it("whoever was joined may act at once, and is denied whatever the other is denied", async () => {
    const joined: Caller = { account: "UAMY", email: "amy@example.com", name: "Amy" };
    const [first, second] = [await idOf(one), await idOf(joined)];
    expect(await office.people.addressesOf(first)).toEqual(["gus@example.com"]);
    await joinByHand(other.prisma, office.clock, first, second);
    expect(await ask(one, "write")).toMatchObject({ refusals: [{ kind: "denied" }] });
    expect(await ask(joined, "read")).toMatchObject({
      outcome: "filed",
      request: { requester: { id: first } },
    });
  });
});
