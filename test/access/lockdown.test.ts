import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { enforceLockdowns } from "../../src/access/lockdown/lockdown.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { Caller } from "../../src/identity/caller.ts";
import type { Lockdown } from "../../src/policy/lockdown.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { lockDownElsewhere, somebodyInside, unaware } from "../support/lockdown.ts";

const erin: Caller = { email: "erin@example.com", name: "Erin", account: "UERIN" };

async function personal(of: Caller): Promise<Lockdown> {
  const { id, email } = await office.people.resolve(of);
  return { kind: "person", person: id, value: email, reason: "their laptop was stolen" };
}

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

it("what was approved before nobody here knew of the lockdown is not granted", async () => {
  const { request } = await office.approved();
  await lockDownElsewhere(office);
  await office.drain();
  expect(office.provider.calls).not.toContain("grant");
  const [grant] = (await office.state(request.id)).grants;
  expect(grant).toMatchObject({
    status: "revoked",
    lastError: "orders-db is locked down: somebody is inside",
  });
});

it.each([
  ["the resource", () => Promise.resolve(somebodyInside)],
  ["the approver", () => personal(bob)],
  ["the requester", () => personal(alice)],
] as const)(
  "%s was locked down elsewhere a moment ago: what is remembered approves nothing",
  async (_, whom) => {
    const filed = await requestAccess(office, {
      requester: alice,
      resource: "orders-db",
      role: "read",
      durationSeconds: 600,
      reason: "because",
      source: "slack",
    });
    if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
    const requestId = filed.request.id;
    await lockDownElsewhere(office, await whom());
    const decision = { requestId, by: bob, verdict: { type: "approve" }, key: "a click" } as const;
    expect((await decideRequest(unaware(office), decision)).decided).toBe(false);
    expect((await office.state(requestId)).request).toMatchObject({ status: "pending", decisions: [] });
  },
);

it.each([
  ["the resource", alice, () => Promise.resolve(somebodyInside)],
  ["the requester", alice, () => personal(alice)],
  ["the resource of what nobody has to approve", erin, () => Promise.resolve(somebodyInside)],
  ["the requester of what nobody has to approve", erin, () => personal(erin)],
] as const)(
  "%s was locked down elsewhere a moment ago: what is remembered lets nobody ask",
  async (_, requester, whom) => {
    const ask = {
      requester,
      resource: "orders-db",
      role: "read",
      durationSeconds: 600,
      reason: "because",
      source: "slack",
    } as const;
    await lockDownElsewhere(office, await whom());
    const answer = await requestAccess(unaware(office), ask);
    expect(answer).toMatchObject({ outcome: "refused", refusals: [{ kind: "locked_down" }] });
    expect(await office.db.accessRequest.findMany({ where: { status: { not: "refused" } } })).toEqual([]);
  },
);

it("who turns out to be somebody who is locked down can ask for nothing from that moment on", async () => {
  // Whoever was met first is who they are from then on, and that is not the one who was locked down.
  await office.people.resolve(alice);
  const down = await personal(bob);
  await lockDownElsewhere(office, down);
  expect(await office.lockdowns.read()).toHaveLength(1);
  // The account of the one shows the address of the other.
  await office.people.resolve({ ...bob, email: alice.email });
  const ask = { resource: "orders-db", role: "read", durationSeconds: 600, reason: "because" } as const;
  const answer = await requestAccess(office, { ...ask, requester: alice, source: "slack" });
  expect(answer).toMatchObject({ outcome: "refused", refusals: [{ kind: "locked_down" }] });
});

it("what another process let in at that moment is ended by the next look", async () => {
  const { request } = await office.approved();
  await office.drain();
  await enforceLockdowns(office);
  expect((await office.state(request.id)).grants[0]?.status).toBe("active");
  await lockDownElsewhere(office);
  await enforceLockdowns(office);
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({
    status: "revoked",
    revokeReason: "lockdown",
  });
  expect(office.provider.held.size).toBe(0);
});

it("a lockdown is on record with its event once, in which nobody can read who it was and why", async () => {
  expect(await lockDownElsewhere(office)).toBe(true);
  expect(await lockDownElsewhere(office)).toBe(false);
  const events = await office.db.auditEvent.findMany({ where: { type: "lockdown.begun" } });
  expect(events).toHaveLength(1);
  const [{ actorEmail, data } = { actorEmail: undefined, data: undefined }] = events;
  expect(`${actorEmail} ${JSON.stringify(data)}`).not.toMatch(/dana@example\.com|somebody is inside/);
  expect(data).toMatchObject({ kind: "resource", value: "orders-db" });
});
