import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { type Office, openOffice } from "../support/access.ts";
import { bob } from "../support/build.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: reading takes a lead
    requesters: [everyone]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
`;

let office: Office;
beforeEach(async () => {
  office = await openOffice({ policy: policyWith(rules) });
});
afterEach(() => office?.close());

async function grantTo(email: string): Promise<string | undefined> {
  const filed = await requestAccess(office, {
    requester: { email, name: email },
    resource: "orders-db",
    role: "read",
    durationSeconds: 3600,
    reason: "looking",
    source: "slack",
  });
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  const requestId = filed.request.id;
  await decideRequest(office, { requestId, by: bob, verdict: { type: "approve" }, key: email });
  await office.drain();
  const [grant] = (await office.state(requestId)).grants;
  return grant?.lastError ?? grant?.status;
}

it("two people whom a provider knows by one name never hold access in it together", async () => {
  expect(await grantTo("zoe@example.com")).toBe("active");
  expect(await grantTo("zoe@contractors.example")).toContain(
    "knows zoe@example.com by the name zoe too; tell them apart under `people`",
  );
  expect(await grantTo("zoe@example.com")).toBe("active");
  expect([...office.provider.held]).toEqual(["zoe"]);
});
