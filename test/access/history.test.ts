import { Prisma } from "../../src/generated/prisma/client.ts";
import { readHistory } from "../../src/persistence/requests/history.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { policyWith } from "../support/rules.ts";
import { alice, bob } from "../support/build.ts";

const rules = `
  - name: reading, one at a time
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_active: 1
    cooldown: 1h
  - name: writing takes a lead
    requesters: [group:engineers]
    access: ["orders-db:write"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;
const conflicts = `
conflicts:
  - { name: readers do not write, between: ["orders-db:read", "orders-db:write"] }
`;

let office: Office;
beforeEach(async () => {
  office = await openOffice({ policy: policyWith(rules, conflicts) });
});
afterEach(async () => {
  const [columns, grants] = [heldByColumns, heldByGrants];
  const different = Prisma.sql`((${columns}) except (${grants})) union all ((${grants}) except (${columns}))`;
  const rows = await office.db.$queryRaw<object[]>`${different}`;
  await office.close();
  if (rows.length > 0)
    throw new Error(`the columns and the grants tell different periods: ${JSON.stringify(rows)}`);
});

/** What a request gave is told by its own columns, without its grants. */
const heldByColumns = Prisma.sql`
  select id, is_held, held_since, held_until from access_requests where held_since is not null`;
const heldByGrants = Prisma.sql`
  select r.id, count(g.id) = 0 or not bool_and(g.status = 'revoked'), coalesce(min(g.active_at), r.closed_at),
         case when bool_and(g.status = 'revoked') then max(g.revoked_at) end
  from access_requests r
  left join grants g on g.request_id = r.id and not (g.status = 'revoked' and g.revoke_reason = 'failed')
  where r.status = 'approved' and r.terms -> 'extends' is null
    and (g.id is not null or not exists (select from grants where request_id = r.id))
  group by r.id`;

const ask = (role: string, key: string) =>
  requestAccess(office, {
    requester: alice,
    resource: "orders-db",
    role,
    durationSeconds: 3600,
    reason: "looking",
    source: "slack",
    dedupeKey: key,
  });

async function granted(role: string, key: string): Promise<string> {
  const filed = await ask(role, key);
  if (filed.outcome !== "filed") throw new Error(filed.outcome);
  const requestId = filed.request.id;
  await decideRequest(office, { requestId, by: bob, verdict: { type: "approve" }, key: `bob ${key}` });
  await office.drain();
  return requestId;
}

async function personOf({ email }: { readonly email: string }): Promise<number> {
  return (await office.people.find(email)) ?? 0;
}

it("what somebody holds counts until it is proven gone, and then begins the cooldown", async () => {
  await granted("read", "1");
  expect((await readHistory(office.db, await personOf(alice))).history).toMatchObject({
    grants: [{ resource: "orders-db", role: "read", rule: "reading, one at a time" }],
    denials: [],
  });
  expect(await ask("read", "2")).toMatchObject({
    outcome: "refused",
    refusals: [{ kind: "too_many", max: 1, held: 1 }],
  });

  office.clock.advance(3_601_000);
  const { revoke } = office.provider.behave;
  office.provider.behave.revoke = () =>
    Promise.reject(new ProviderError("the server is away", { retryable: true }));
  await office.drain();
  office.provider.behave.revoke = revoke;
  expect(await ask("read", "3")).toMatchObject({ refusals: [{ kind: "too_many" }] });

  office.clock.advance(10_000);
  await office.drain();
  const [past] = (await readHistory(office.db, await personOf(alice))).history.grants;
  expect(past?.endedAt).toBeInstanceOf(Date);
  expect(await ask("read", "4")).toMatchObject({ refusals: [{ kind: "too_soon" }] });
  office.clock.advance(3_600_000);
  expect(await ask("read", "5")).toMatchObject({ outcome: "filed" });
});

it("roles in conflict are refused while one of them is held, and when the other request is judged", async () => {
  const waiting = await ask("write", "1");
  if (waiting.outcome !== "filed") throw new Error(waiting.outcome);
  await granted("read", "2");
  expect(await ask("write", "3")).toMatchObject({
    refusals: [{ kind: "conflict", holds: "orders-db:read", asks: "orders-db:write" }],
  });
  const decision = await decideRequest(office, {
    requestId: waiting.request.id,
    by: bob,
    verdict: { type: "approve" },
    key: "bob late",
  });
  expect(decision).toMatchObject({ decided: false, refusal: "policy_changed" });
});

it("what failed was never held, once it is proven gone", async () => {
  office.provider.behave.grant = () =>
    Promise.reject(new ProviderError("no such role", { retryable: false }));
  const { revoke } = office.provider.behave;
  office.provider.behave.revoke = () =>
    Promise.reject(new ProviderError("the server is away", { retryable: true }));
  await granted("read", "1");
  expect((await readHistory(office.db, await personOf(alice))).history.grants).toHaveLength(1);
  office.provider.behave.revoke = revoke;
  office.clock.advance(10_000);
  await office.drain();
  expect((await readHistory(office.db, await personOf(alice))).history.grants).toEqual([]);
  expect(await ask("read", "2")).toMatchObject({ outcome: "filed" });
});

it("refusals and denials are remembered, newest first", async () => {
  const first = await ask("read", "1");
  if (first.outcome !== "filed") throw new Error(first.outcome);
  const deny = { type: "deny", reason: "no" } as const;
  await decideRequest(office, { requestId: first.request.id, by: bob, verdict: deny, key: "bob" });
  const { denials } = (await readHistory(office.db, await personOf(alice))).history;
  expect(denials).toMatchObject([{ resource: "orders-db", role: "read" }]);
});
