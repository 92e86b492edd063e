import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { extendAccess } from "../../src/access/requests/extend-access.ts";
import { enforceLockdowns } from "../../src/access/lockdown/lockdown.ts";
import { requestAccess, requestExtension } from "../../src/access/requests/request-access.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import type { Names } from "../guarded/postgres.ts";
import { lockDownElsewhere, unaware } from "../support/lockdown.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: incidents take a lead
    requesters: [group:engineers]
    access: ["incident:respond"]
    decision: review
    approvals: [{ from: [group:leads] }]
    extend: { times: 1, by: 1h }
`;
const bundle = `resources:
  incident:
    title: Incident response
    roles:
      respond: { title: All that it takes, bundle: ["orders-db:read", "orders-db:write"], max_duration: 4h }
`;

let office: Office;
let requestId: string;
beforeEach(async () => {
  office = await openOffice({
    policy: (names: Names) => policyWith(rules)(names).replace("resources:\n", bundle),
  });
  const ask = { resource: "incident", role: "respond", durationSeconds: 3600, reason: "because" } as const;
  const filed = await requestAccess(office, { ...ask, requester: alice, source: "slack" });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  requestId = filed.request.id;
  await approves(requestId);
  await office.drain();
});
afterEach(() => office?.close());

async function approves(id: string, here = office): Promise<boolean> {
  const verdict = { type: "approve" } as const;
  return (await decideRequest(here, { requestId: id, by: bob, verdict, key: `bob ${id}` })).decided;
}

async function askToExtend(): Promise<string> {
  const extension = await extendAccess(office, { requestId, by: alice, key: "more" });
  if (!extension.asked || extension.answer.outcome !== "filed") throw new Error(JSON.stringify(extension));
  return extension.answer.request.id;
}

async function ends(): Promise<readonly (Date | undefined)[]> {
  return (await office.state(requestId)).grants.map(({ expiresAt }) => expiresAt);
}

it("a bundle with a resource that is locked down is not asked to last longer, whatever was known as it was begun", async () => {
  const [until] = await ends();
  if (!until) throw new Error("it is not active");
  await lockDownElsewhere(office);
  const extension = { requestId, number: 1, until, place: 1 };
  const ask = { resource: "incident", role: "respond", durationSeconds: 3600, reason: "because" } as const;
  const asked = { ...ask, requester: alice, source: "slack", extends: extension } as const;
  // Not recorded, and judged again by what is known now.
  const late = unaware(office);
  expect(await requestExtension(late, asked)).toBeUndefined();
  expect(await extendAccess(late, { requestId, by: alice, key: "more" })).toMatchObject({ asked: false });
  expect(await office.db.accessRequest.count()).toBe(1);
});

it("nor is that approved", async () => {
  const extension = await askToExtend();
  const before = await ends();
  await lockDownElsewhere(office);
  expect(await approves(extension, unaware(office))).toBe(false);
  await office.drain();
  expect(await ends()).toEqual(before);
});

it("nor carried out where it was approved before", async () => {
  const extension = await askToExtend();
  const before = await ends();
  expect(await approves(extension)).toBe(true);
  await lockDownElsewhere(office);
  await office.drain();
  expect(await ends()).toEqual(before);
});

it("what waits to be decided is closed with the rest", async () => {
  const extension = await askToExtend();
  await lockDownElsewhere(office);
  expect((await enforceLockdowns(office)).ended).toEqual({ requests: 1, grants: 2 });
  expect((await office.state(extension)).request.status).toBe("cancelled");
});
