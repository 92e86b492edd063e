import { apply } from "../../src/access/apply.ts";
import { tryRevocationNow } from "../../src/access/carry-out/try-revocation.ts";
import { createDatabaseClock } from "../../src/persistence/database/clock.ts";
import { listGrants } from "../../src/persistence/requests/grant-list.ts";
import { readLate } from "../../src/persistence/requests/overdue.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { threadMessage } from "../../src/notify/event-message.ts";
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

it("is listed as overdue a minute after it should have ended, as the watchdog sees it", async () => {
  await office.approved(600);
  await office.drain();
  const overdue = async (): Promise<number> => {
    const listed = await listGrants(office.db, office.clock, { overdueOnly: true });
    const late = (await readLate(office.db, office.clock)).filter(({ isOverdue }) => isOverdue);
    expect(listed).toHaveLength(late.length);
    return late.length;
  };
  office.clock.advance(601_000);
  expect(await readLate(office.db, office.clock)).toHaveLength(1);
  expect(await overdue()).toBe(0);
  office.clock.advance(60_000);
  expect(await overdue()).toBe(1);
});

it("access that ends early is overdue a minute after it was told to end, also when the grant was never settled", async () => {
  const { request } = await office.approved(3600);
  const overdue = async (): Promise<number> =>
    (await readLate(office.db, office.clock)).filter(({ isOverdue }) => isOverdue).length;
  const grantId = request.planned[0]?.grantId ?? "";
  // Begun by a worker that died: what may exist ends no later than if it had been given at once.
  await office.db
    .$executeRaw`update effects set started_at = statement_timestamp(), locked_until = '2040-01-01'
    where kind = 'grant'`;
  office.clock.advance(3_660_000);
  expect(await overdue()).toBe(1);
  office.clock.advance(-3_660_000);
  expect(await overdue()).toBe(0);
  await apply(office, request.id, { type: "revoke", grantId, reason: "withdrawn" });
  office.clock.advance(58_000);
  expect(await overdue()).toBe(0);
  office.clock.advance(3_000);
  expect(await overdue()).toBe(1);
});

it("what will not work without somebody's help is said so", () => {
  const failed = (retryable: boolean): string =>
    JSON.stringify(
      threadMessage({
        type: "revocation.failed",
        at: new Date(0),
        actor: { kind: "hallpass" },
        data: { provider: "orders-postgres", subject: "alice", error: "no", attempt: 1, retryable },
      }),
    );
  expect(failed(false)).toContain("will not work without somebody's help");
  expect(failed(true)).not.toContain("help");
});

it("what is said of a failed revocation offers to try it now", () => {
  const message = threadMessage({
    type: "revocation.failed",
    at: new Date(0),
    actor: { kind: "hallpass" },
    grantId: "01970000-0000-7000-8000-00000000000a",
    data: { provider: "orders-postgres", subject: "alice", error: "away", attempt: 1, retryable: true },
  });
  expect(message?.actions).toEqual([
    { kind: "try_revocation", id: "01970000-0000-7000-8000-00000000000a", label: "Try now" },
  ]);
});
