import { apply } from "../../src/access/apply.ts";
import type { Grant } from "../../src/domain/grant/grant.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice } from "../support/build.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

const hour = 3_600_000;
const down = (): Promise<never> =>
  Promise.reject(new ProviderError("the server is away", { retryable: true }));

describe("granting", () => {
  it("asks the provider once, however many workers are woken for it at once", async () => {
    const { request } = await office.approved();
    const [effect] = await office.effects("grant");
    await Promise.all(Array.from({ length: 10 }, () => runEffect(office.runner, effect?.id ?? "")));
    expect(office.provider.calls).toEqual(["grant"]);
    expect(await grantOf(request.id)).toMatchObject({ status: "active" });
  });

  it("is not active before the provider shows it, and fails when it never does", async () => {
    const { request } = await office.approved();
    office.provider.behave.holds = () => Promise.resolve(false);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await office.drain();
      expect(await grantOf(request.id)).not.toMatchObject({ status: "active" });
      advance(60_000);
    }
    await office.drain();
    expect(await office.events()).toEqual(expect.arrayContaining(["grant.failed", "grant.revoked"]));
    expect(await office.events()).not.toContain("grant.active");
  });

  it("keeps its clock from the first call when the worker died before it heard the answer", async () => {
    const { request } = await office.approved();
    let answer = (): void => {};
    office.provider.behave.grant = (subject) => {
      office.provider.held.add(subject);
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const [effect] = await office.effects("grant");
    const died = runEffect(office.runner, effect?.id ?? "");
    await until(() => office.provider.calls.length === 1);
    const asked = await grantOf(request.id);
    office.provider.behave.grant = () => Promise.resolve();
    await runEffect(office.runner, effect?.id ?? "");
    expect(office.provider.calls).toHaveLength(1);
    await office.db.effect.updateMany({ data: { lockedUntil: new Date(0) } });
    advance(30_000);
    await office.drain();
    const grant = await grantOf(request.id);
    expect(grant?.activeAt).toEqual(asked?.askedAt);
    expect(grant?.expiresAt?.getTime()).toBe((asked?.askedAt?.getTime() ?? 0) + hour);
    answer();
    await died;
    expect((await office.events()).filter((type) => type === "grant.active")).toHaveLength(1);
  });

  it("starts its clock anew when a failed call is known to have changed nothing", async () => {
    const { request } = await office.approved();
    const { grant } = office.provider.behave;
    office.provider.behave.grant = down;
    await office.drain();
    const before = new Date();
    advance(10_000);
    office.provider.behave.grant = grant;
    await office.drain();
    expect((await grantOf(request.id))?.activeAt?.getTime()).toBeGreaterThan(before.getTime() + 5_000);
  });

  it("gives nothing once the approved time is over, and takes away what may have half happened", async () => {
    const { request } = await office.approved(60);
    office.provider.behave.grant = (subject) => {
      office.provider.held.add(subject);
      return down();
    };
    await office.drain();
    advance(120_000);
    await office.drain();
    expect(await office.events()).toEqual(expect.arrayContaining(["grant.failed", "grant.revoked"]));
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "failed" });
    expect(office.provider.held.size).toBe(0);
  });

  it("shows people a reference, not the words, of a fault that is ours", async () => {
    const { request } = await office.approved();
    office.provider.behave.grant = () => Promise.reject(new TypeError("secret internals"));
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({
      status: "revoked",
      lastError: expect.stringContaining("reference"),
    });
    const audited = await office.db.auditEvent.findMany({ select: { data: true } });
    expect(JSON.stringify(audited)).not.toContain("secret internals");
    expect(office.faults).toHaveLength(1);
  });
});

describe("revoking", () => {
  it("never overtakes its grant", async () => {
    const { request } = await office.approved();
    let answer = (): void => {};
    office.provider.behave.grant = (subject) =>
      new Promise((resolve) => {
        answer = () => resolve(void office.provider.held.add(subject));
      });
    const [effect] = await office.effects("grant");
    const granting = runEffect(office.runner, effect?.id ?? "");
    await until(() => office.provider.calls.length === 1);
    const grantId = request.planned[0]?.grantId ?? "";
    await apply(office, request.id, { type: "revoke", grantId, reason: "returned", by: alice });
    const [revocation] = await office.effects("revoke");
    await runEffect(office.runner, revocation?.id ?? "");
    expect(office.provider.calls).toEqual(["grant"]);
    answer();
    await granting;
    await office.drain();
    expect(office.provider.calls.slice(0, 2)).toEqual(["grant", "revoke"]);
    expect(office.provider.held.size).toBe(0);
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "returned" });
  });

  it("is not done while the provider still shows the access, and is tried until it does not", async () => {
    const { request } = await office.approved();
    await office.drain();
    const { revoke } = office.provider.behave;
    office.provider.behave.revoke = () => Promise.resolve();
    advance(hour);
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await office.drain();
      expect(await grantOf(request.id)).toMatchObject({ status: "revoking", revokeAttempts: attempt });
      advance(400_000);
    }
    office.provider.behave.revoke = revoke;
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeAttempts: 13 });
    expect(office.provider.held.size).toBe(0);
    // At the first failure, and when it is gone at last; what is between is the watchdog's to say.
    expect(office.said.filter((kind) => kind === "tell_alerts")).toHaveLength(2);
  });

  it("keeps trying although the provider says it never will, and waits between tries", async () => {
    const { request } = await office.approved();
    await office.drain();
    office.provider.behave.revoke = () =>
      Promise.reject(new ProviderError("permission denied", { retryable: false }));
    advance(hour);
    await office.drain();
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoking", revokeAttempts: 1 });
    advance(3_000);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ revokeAttempts: 2, lastError: "permission denied" });
  });

  it("does nothing before its time, also when it is woken early", async () => {
    await office.approved();
    await office.drain();
    const [revocation] = await office.effects("revoke");
    advance(hour - 60_000);
    await runEffect(office.runner, revocation?.id ?? "");
    await office.drain();
    expect(office.provider.calls).toEqual(["grant"]);
    advance(60_000);
    await office.drain();
    expect(office.provider.calls).toEqual(["grant", "revoke"]);
  });
});

async function grantOf(requestId: string): Promise<Grant | undefined> {
  return (await office.state(requestId)).grants[0];
}

function advance(milliseconds: number): void {
  office.clock.advance(milliseconds);
}

/** Lets the event loop turn until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
