import { apply } from "../../src/access/apply.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";

const hour = 3_600_000;
let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

async function ended(requestId: string): Promise<unknown> {
  office.clock.advance(hour + 1_000);
  await office.drain();
  const event = await office.db.auditEvent.findFirst({ where: { requestId, type: "grant.revoked" } });
  return event?.data;
}

it("what somebody held before is recognised, and is not taken away at the end", async () => {
  office.provider.held.add("alice");
  const { request } = await office.approved();
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "active", isStanding: true });
  expect(await ended(request.id)).toMatchObject({ standing: true, verified: false });
  expect(office.provider.held.has("alice")).toBe(true);
  expect(office.provider.calls).not.toContain("revoke");
});

it("a grant that fails takes nothing away that somebody held before", async () => {
  office.provider.held.add("alice");
  office.provider.behave.grant = () =>
    Promise.reject(new ProviderError("permission denied", { retryable: false }));
  const { request } = await office.approved();
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({
    status: "revoked",
    revokeReason: "failed",
  });
  expect(office.provider.held.has("alice")).toBe(true);
});

it("what another grant of ours gives is no standing right, also while that one cannot be ended", async () => {
  const first = await office.approved(600);
  await office.drain();
  const { revoke } = office.provider.behave;
  office.provider.behave.revoke = () => Promise.resolve();
  office.clock.advance(601_000);
  await office.drain();
  expect((await office.state(first.request.id)).grants[0]?.status).toBe("revoking");

  const second = await office.approved();
  await office.drain();
  expect((await office.state(second.request.id)).grants[0]?.isStanding).toBeUndefined();
  office.provider.behave.revoke = revoke;
  expect(await ended(second.request.id)).toMatchObject({ verified: true });
  expect(office.provider.held.has("alice")).toBe(false);
});

it("what an earlier attempt may have granted is no standing right", async () => {
  const { request } = await office.approved();
  office.provider.behave.grant = (subject) => {
    office.provider.held.add(subject);
    return Promise.reject(new Error("the answer was lost"));
  };
  const { holds } = office.provider.behave;
  let asked = 0;
  office.provider.behave.holds = (subject) => {
    asked += 1;
    // The first attempt finds nothing; that it granted something is seen only later.
    return asked === 1 ? Promise.resolve(false) : holds(subject);
  };
  await office.drain();
  office.clock.advance(60_000);
  await office.drain();
  expect((await office.state(request.id)).grants[0]?.isStanding).toBeUndefined();
  office.clock.advance(hour);
  await office.drain();
  expect(office.provider.held.has("alice")).toBe(false);
});

it("what a provider gives only after it was read back is no standing right", async () => {
  const { request } = await office.approved();
  const { grant } = office.provider.behave;
  office.provider.behave.grant = () => Promise.resolve();
  await office.drain();
  expect((await office.state(request.id)).grants[0]?.status).toBe("granting");
  office.provider.held.add("alice");
  office.provider.behave.grant = grant;
  office.clock.advance(60_000);
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "active" });
  expect(await ended(request.id)).toMatchObject({ verified: true });
  expect(office.provider.held.has("alice")).toBe(false);
});

it("the same, when a removal of what nobody gave had to be waited for in between", async () => {
  const { request } = await office.approved();
  const { grant } = office.provider.behave;
  office.provider.behave.grant = () => Promise.resolve();
  await office.drain();
  await office.db.$executeRaw`
    insert into drift_findings (id, provider, subject, target, kind, outcome, access, people, first_seen_at, last_seen_at, removing_until)
    select gen_random_uuid(), provider, subject, target, 'unknown', 'remove', '[]', '[]', now(), now(), now() + interval '1 hour'
    from grants`;
  office.clock.advance(60_000);
  await office.drain();
  expect((await office.state(request.id)).grants[0]?.status).toBe("granting");
  await office.db.$executeRaw`update drift_findings set removing_until = null`;
  office.provider.held.add("alice");
  office.provider.behave.grant = grant;
  office.clock.advance(60_000);
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "active" });
  expect(await ended(request.id)).toMatchObject({ verified: true });
  expect(office.provider.held.has("alice")).toBe(false);
});

it("what was theirs, was taken away and is back by somebody else's hand stays theirs at the end", async () => {
  office.provider.held.add("alice");
  const { request, grants } = await office.approved();
  await office.drain();
  office.provider.held.delete("alice");
  await apply(office, request.id, { type: "vanish", grantId: grants[0]?.id ?? "" });
  office.provider.held.add("alice");
  expect(await ended(request.id)).toMatchObject({ standing: true, verified: false });
  expect(office.provider.held.has("alice")).toBe(true);
});
