import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { policyWith } from "../support/rules.ts";

const rules = `
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    revoke_on_idle: 10m
`;

const minute = 60_000;
let office: Office;
let requestId: string;
beforeEach(async () => {
  office = await openOffice({ policy: policyWith(rules) });
  requestId = (await office.approved(4 * 3600)).request.id;
  await office.drain();
});
afterEach(() => office?.close());

async function statusAfter(minutes: number): Promise<string | undefined> {
  for (let passed = 0; passed < minutes; passed += 1) {
    office.clock.advance(minute);
    await office.drain();
  }
  return (await office.state(requestId)).grants[0]?.status;
}

it("access that nobody uses ends when its time without use is over, and says why", async () => {
  expect(await statusAfter(9)).toBe("active");
  expect(await statusAfter(2)).toBe("revoked");
  expect((await office.state(requestId)).grants[0]?.revokeReason).toBe("idle");
});

it("use keeps it, and it ends that long after the last of it", async () => {
  office.provider.behave.lastUsed = () => Promise.resolve(new Date());
  expect(await statusAfter(30)).toBe("active");
  office.provider.behave.lastUsed = () => Promise.resolve(undefined);
  expect(await statusAfter(9)).toBe("active");
  expect(await statusAfter(2)).toBe("revoked");
});

it("a use that was seen once is remembered though the provider shows it no longer", async () => {
  expect(await statusAfter(8)).toBe("active");
  office.provider.behave.lastUsed = () => Promise.resolve(new Date());
  expect(await statusAfter(1)).toBe("active");
  office.provider.behave.lastUsed = () => Promise.resolve(undefined);
  expect(await statusAfter(8)).toBe("active");
});

it("a provider that cannot be asked ends nothing early, and the check goes on", async () => {
  office.provider.behave.lastUsed = () =>
    Promise.reject(new ProviderError("the server is away", { retryable: true }));
  expect(await statusAfter(15)).toBe("active");
  office.provider.behave.lastUsed = () => Promise.resolve(undefined);
  expect(await statusAfter(2)).toBe("revoked");
});
