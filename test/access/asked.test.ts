import { apply } from "../../src/access/apply.ts";
import type { Grant } from "../../src/domain/grant/grant.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { beginLockdown } from "../../src/persistence/requests/lockdowns.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";

const hour = 3_600_000;
let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

async function grantOf(requestId: string): Promise<Grant | undefined> {
  return (await office.state(requestId)).grants[0];
}

async function ended(requestId: string): Promise<unknown> {
  const event = await office.db.auditEvent.findFirst({ where: { requestId, type: "grant.revoked" } });
  return event?.data;
}

describe("what was never asked for is never taken away", () => {
  beforeEach(() => {
    // Theirs by a right of their own, which every path below must leave alone.
    office.provider.held.add("alice");
  });

  it.each<[string, (requestId: string, grantId: string) => Promise<unknown>]>([
    [
      "withdrawn before it was asked for",
      (requestId, grantId) => apply(office, requestId, { type: "revoke", grantId, reason: "withdrawn" }),
    ],
    [
      "locked down before it was asked for",
      async () => {
        const by = "dana@example.com";
        const event = {
          type: "lockdown.begun",
          at: new Date(),
          actor: { kind: "hallpass" },
          data: { kind: "resource", value: "orders-db", reason: "a leak" },
        } as const;
        const locked = { kind: "resource", value: "orders-db", reason: "a leak" } as const;
        await beginLockdown(office.db, office.clock, locked, { event, by });
      },
    ],
    [
      "refused by the provider for who they are",
      () => {
        office.provider.behave.prepare = () =>
          Promise.reject(new ProviderError("alice is a group", { retryable: false }));
        return Promise.resolve();
      },
    ],
    [
      "of a provider that cannot be asked who it is",
      () => {
        office.provider.behave.identity = () =>
          Promise.reject(new ProviderError("no route to host", { retryable: false }));
        return Promise.resolve();
      },
    ],
    [
      "of a provider that is not configured any more",
      () => Promise.resolve(office.providers.delete("orders-postgres")),
    ],
  ])("%s", async (_, befalls) => {
    const { request, grants } = await office.approved();
    await befalls(request.id, grants[0]?.id ?? "");
    await office.drain();
    office.clock.advance(2 * hour);
    await office.drain();
    expect(office.provider.calls).toEqual([]);
    expect(office.provider.held.has("alice")).toBe(true);
    const grant = await grantOf(request.id);
    expect(grant?.status).toBe("revoked");
    expect(grant?.askedAt).toBeUndefined();
    expect(await ended(request.id)).toMatchObject({ neverAsked: true, verified: false });
  });
});

it("that it is asked is on record, with what is asked for, before the provider hears of it", async () => {
  const { request } = await office.approved();
  const { grant: give } = office.provider.behave;
  let then: Grant | undefined;
  office.provider.behave.grant = async (subject) => {
    then = await grantOf(request.id);
    await give(subject);
  };
  await office.drain();
  expect(then).toMatchObject({
    status: "granting",
    askedAt: expect.any(Date),
    ids: { system: "the test's own", subjectId: "id of alice", targetId: '{"role":"r"}' },
    state: { existed: false },
  });
  expect((await grantOf(request.id))?.activeAt).toEqual(then?.askedAt);
});

it("what is told to end while it is being looked up is not asked for any more", async () => {
  const { request, grants } = await office.approved();
  office.provider.behave.prepare = async () => {
    await apply(office, request.id, { type: "revoke", grantId: grants[0]?.id ?? "", reason: "withdrawn" });
  };
  await office.drain();
  expect(office.provider.calls).toEqual([]);
  expect((await grantOf(request.id))?.status).toBe("revoked");
});

describe("what takes its time", () => {
  const pending = (options: { readonly retryAfterSeconds?: number } = {}): Promise<never> =>
    Promise.reject(new ProviderError("still being made", { retryable: true, isPending: true, ...options }));

  it("is waited for as long as the provider says it may take, and said once", async () => {
    Object.assign(office.provider, { settlesSeconds: 600 });
    const { request } = await office.approved();
    const { grant: give } = office.provider.behave;
    office.provider.behave.grant = () => pending();
    for (let look = 0; look < 12; look += 1) {
      await office.drain();
      office.clock.advance(40_000);
    }
    expect((await grantOf(request.id))?.status).toBe("granting");
    expect((await office.events()).filter((type) => type === "grant.unsettled")).toHaveLength(1);
    expect(office.said).not.toContain("tell_alerts");
    office.provider.behave.grant = give;
    office.clock.advance(40_000);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "active" });
  });

  it("has failed once that is over", async () => {
    Object.assign(office.provider, { settlesSeconds: 120 });
    const { request } = await office.approved();
    office.provider.behave.grant = () => pending();
    for (let look = 0; look < 8; look += 1) {
      await office.drain();
      office.clock.advance(40_000);
    }
    expect(await office.events()).toContain("grant.failed");
    // It may come yet: it was asked for, so it is taken away.
    expect(office.provider.calls).toContain("revoke");
    expect((await grantOf(request.id))?.status).toBe("revoked");
  });

  it("is asked again when the provider says, and not before", async () => {
    await office.approved();
    office.provider.behave.grant = () => pending({ retryAfterSeconds: 10 });
    await office.drain();
    office.clock.advance(9_000);
    await office.drain();
    expect(office.provider.calls).toEqual(["grant"]);
    office.clock.advance(1_500);
    await office.drain();
    expect(office.provider.calls).toEqual(["grant", "grant"]);
  });

  it("an end that is still being made is no failure until it should have settled", async () => {
    Object.assign(office.provider, { settlesSeconds: 300 });
    const { request } = await office.approved();
    await office.drain();
    const { revoke } = office.provider.behave;
    office.provider.behave.revoke = () => pending();
    office.clock.advance(hour);
    for (let look = 0; look < 5; look += 1) {
      await office.drain();
      office.clock.advance(20_000);
    }
    expect(await office.events()).not.toContain("revocation.failed");
    office.provider.behave.revoke = revoke;
    office.clock.advance(20_000);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
  });
});

describe("what others gave stays, and is said", () => {
  it("when somebody else gave the same meanwhile", async () => {
    const { request } = await office.approved();
    await office.drain();
    office.provider.others.set("alice", "postgres gave it too");
    office.clock.advance(hour);
    await office.drain();
    expect(office.provider.calls).toContain("revoke");
    expect(await ended(request.id)).toMatchObject({ verified: false, others: expect.any(String) });
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", isLeft: true });
  });

  it("also where they can only give it to themselves again", async () => {
    const { request } = await office.approved();
    await office.drain();
    const revoke = office.provider.revoke.bind(office.provider);
    // As PostgreSQL from 16 on does: a row with ADMIN OPTION stays, without effect.
    Object.assign(office.provider, {
      revoke: async (...asked: Parameters<typeof revoke>) => ({
        ...(await revoke(...asked)),
        keptBy: ["somebody let them grant it on meanwhile (ADMIN OPTION)"],
      }),
    });
    office.clock.advance(hour);
    await office.drain();
    expect(await ended(request.id)).toMatchObject({ verified: false, others: expect.any(String) });
  });

  it("but what is still there by nobody else's gift is not gone", async () => {
    const { request } = await office.approved();
    await office.drain();
    office.provider.behave.revoke = () => Promise.resolve();
    office.clock.advance(hour);
    await office.drain();
    expect(await office.events()).toContain("revocation.failed");
    expect((await grantOf(request.id))?.status).toBe("revoking");
  });
});

it("an end claimed ahead of its time is a first attempt: what an administrator took from another grant stays taken", async () => {
  const first = await office.approved();
  await office.drain();
  const second = await office.approved(8 * 3_600);
  await office.drain();
  // By hand, and nobody has looked since.
  office.provider.held.delete("alice");
  office.provider.calls.splice(0);
  await office.endsAhead(first.request.id);
  expect(office.provider.calls).toEqual([]);
  expect(office.provider.held.has("alice")).toBe(false);
  expect(await office.events()).not.toContain("grant.restored");
  expect((await grantOf(second.request.id))?.status).toBe("active");
});

it("nor does an end that is tried again give back what an administrator took before it began", async () => {
  const first = await office.approved();
  await office.drain();
  const second = await office.approved(8 * 3_600);
  await office.drain();
  office.provider.held.delete("alice");
  office.clock.advance(hour);
  const [ending] = await office.effects("revoke");
  // Its maker dies after the claim.
  await office.claim(ending?.id ?? "");
  office.clock.advance(60_000);
  await runEffect(office.runner, ending?.id ?? "");
  expect((await grantOf(first.request.id))?.status).toBe("revoked");
  expect(office.provider.held.has("alice")).toBe(false);
  expect((await grantOf(second.request.id))?.status).toBe("active");
});
