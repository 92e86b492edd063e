import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { storePolicy } from "../../src/persistence/policies.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { ordinaryPolicy, policyFrom } from "../support/hallpass.ts";

const names = { read: "r", write: "w", subject: (name: string) => name };
const ordinary = policyFrom(ordinaryPolicy(names));
const erin = { email: "erin@example.com", name: "Erin", account: "UERIN" };
/** Nobody reads any more, and bob leads nobody. */
const strict = policyFrom(
  ordinaryPolicy(names)
    .replaceAll('access: ["orders-db:read"]', 'access: ["orders-db:write"]')
    .replace("leads: { members: [bob@example.com, ", "leads: { members: ["),
);

let office: Office;
beforeEach(async () => {
  office = await openOffice();
  await storePolicy(office.db, strict, {
    type: "policy.loaded",
    at: new Date(),
    actor: { kind: "hallpass" },
    data: { hash: strict.hash, before: ordinary.hash, via: "watch" },
  });
});
afterEach(() => office?.close());

/** The office with a policy that another replaces while somebody is looked up, or groups are read. */
function replacing(): Office {
  let policy: Policy = ordinary;
  return {
    ...office,
    policy: () => policy,
    lookUp: (id) => {
      policy = strict;
      return office.lookUp(id);
    },
    groups: {
      ...office.groups,
      read: (groups) => {
        policy = strict;
        return office.groups.read(groups);
      },
    },
  };
}

const ask = {
  resource: "orders-db",
  role: "read",
  durationSeconds: 600,
  reason: "because",
  source: "slack",
} as const;

it("what a policy let through that was replaced meanwhile is judged again: an approval", async () => {
  const filed = await requestAccess(office, { ...ask, requester: alice });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  const requestId = filed.request.id;
  const decision = { requestId, by: bob, verdict: { type: "approve" }, key: "a click" } as const;
  expect(await decideRequest(replacing(), decision)).toMatchObject({ decided: false });
  expect((await office.state(requestId)).request.decisions).toEqual([]);
});

it("and what nobody has to approve", async () => {
  const answer = await requestAccess(replacing(), { ...ask, requester: erin });
  expect(answer).toMatchObject({
    outcome: "filed",
    request: { status: "pending", policyVersion: strict.hash },
  });
  expect(await office.db.grant.findMany()).toEqual([]);
});
