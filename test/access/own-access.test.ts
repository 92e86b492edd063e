import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { extendAccess } from "../../src/access/requests/extend-access.ts";
import { endAccess } from "../../src/access/requests/end-access.ts";
import { readHistory } from "../../src/persistence/requests/history.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { policyWith } from "../support/rules.ts";

const rules = (extend: string) => `
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    max_active: 1
    ${extend}
`;

const erin = { email: "erin@example.com", name: "Erin" };

let office: Office;
afterEach(() => office?.close());

async function liveAccess(extend: string): Promise<string> {
  office = await openOffice({ policy: policyWith(rules(extend)) });
  const { request } = await office.approved();
  await office.drain();
  return request.id;
}

it("who may not approve it does not end somebody's access, nobody else extends it, and trying is recorded", async () => {
  const requestId = await liveAccess("extend: { times: 1, by: 1h }");
  expect(await endAccess(office, { requestId, by: erin, key: "1" })).toMatchObject({
    refusal: "not_approver",
  });
  expect(await extendAccess(office, { requestId, by: bob, key: "2" })).toMatchObject({
    refusal: "not_requester",
  });
  expect((await office.state(requestId)).grants[0]?.status).toBe("active");
  expect((await office.events()).filter((type) => type === "decision.refused")).toHaveLength(2);
});

it("what the rule does not let be extended is not", async () => {
  const requestId = await liveAccess("");
  expect(await extendAccess(office, { requestId, by: alice, key: "1" })).toMatchObject({
    refusal: "not_extendable",
  });
});

it("the same click delivered twice asks once", async () => {
  const requestId = await liveAccess("extend: { times: 2, by: 1h }");
  const answers = await Promise.all(
    [1, 2].map(() => extendAccess(office, { requestId, by: alice, key: "one click" })),
  );
  const outcomes = answers.map((each) => (each.asked ? each.answer.outcome : each.refusal)).toSorted();
  expect(["filed,repeated", "extension_pending,filed"]).toContain(outcomes.join(","));
  expect(await office.db.accessRequest.count()).toBe(2);
});

it("an extension carried out again after a crash extends once", async () => {
  const requestId = await liveAccess("extend: { times: 1, by: 1h }");
  const before = (await office.state(requestId)).grants[0]?.expiresAt ?? new Date(0);
  const answer = await extendAccess(office, { requestId, by: alice, key: "1" });
  if (!answer.asked || answer.answer.outcome !== "filed") throw new Error("not asked");
  const approve = { type: "approve" } as const;
  await decideRequest(office, { requestId: answer.answer.request.id, by: bob, verdict: approve, key: "bob" });
  await Promise.all([office.drain(), office.drain(), office.drain()]);
  const after = (await office.state(requestId)).grants[0]?.expiresAt ?? new Date(0);
  expect(after.getTime() - before.getTime()).toBe(3_600_000);
  // The request that extended it gives nothing of its own.
  expect(
    (await readHistory(office.db, (await office.people.find(alice.email)) ?? 0)).history.grants,
  ).toHaveLength(1);
});
