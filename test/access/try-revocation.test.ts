import { tryRevocationNow } from "../../src/access/try-revocation.ts";
import { createDatabaseClock } from "../../src/persistence/clock.ts";
import { listGrants } from "../../src/persistence/grant-list.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { threadMessage, tryNowActionId } from "../../src/slack/views/event-message.ts";
import { type Office, openOffice } from "../support/access.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

const away = (): Promise<never> =>
  Promise.reject(new ProviderError("the server is away", { retryable: true }));

it("an overdue revocation is tried when somebody asks, not only after its wait", async () => {
  const { request } = await office.approved(600);
  await office.drain();
  const [grant] = (await office.state(request.id)).grants;
  const grantId = grant?.id ?? "";
  expect(await tryRevocationNow(office, grantId)).toBe(false);

  const { revoke } = office.provider.behave;
  office.provider.behave.revoke = away;
  office.clock.advance(601_000);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await office.drain();
    office.clock.advance(400_000);
  }
  await office.drain();
  const overdue = await listGrants(office.db, office.clock, { overdueOnly: true });
  expect(overdue).toEqual([
    expect.objectContaining({ email: "alice@example.com", isOverdue: true, lastError: "the server is away" }),
  ]);

  office.provider.behave.revoke = revoke;
  await office.drain();
  expect((await office.state(request.id)).grants[0]?.status).toBe("revoking");
  expect(await tryRevocationNow(office, grantId)).toBe(true);
  await office.drain();
  expect((await office.state(request.id)).grants[0]?.status).toBe("revoked");
  expect(await tryRevocationNow(office, grantId)).toBe(false);
  expect(await listGrants(office.db, office.clock, { overdueOnly: false })).toEqual([]);
});

it("access that lasts is listed, and is not overdue", async () => {
  await office.approved(600);
  await office.drain();
  expect(await listGrants(office.db, createDatabaseClock(), { overdueOnly: true })).toEqual([]);
  expect(await listGrants(office.db, createDatabaseClock(), { overdueOnly: false })).toEqual([
    expect.objectContaining({ resource: "orders-db", role: "read", status: "active", isOverdue: false }),
  ]);
});

it("what is said of a failed revocation offers to try it now", () => {
  const message = threadMessage({
    type: "revocation.failed",
    at: new Date(0),
    actor: { kind: "hallpass" },
    grantId: "01970000-0000-7000-8000-00000000000a",
    data: { provider: "orders-postgres", subject: "alice", error: "away", attempt: 1, retryable: true },
  });
  expect(JSON.stringify(message?.blocks)).toContain(
    `"action_id":"${tryNowActionId}","text":{"type":"plain_text","text":"Try now"},"value":"01970000-0000-7000-8000-00000000000a"`,
  );
});
