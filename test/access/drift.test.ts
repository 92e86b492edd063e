import { type DriftDeps, lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { listDrift, summariseDrift } from "../../src/persistence/drift/list.ts";
import type { UntoldFinding } from "../../src/persistence/drift/findings.ts";
import { type Provider, ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { ordinaryPolicy, policyFrom } from "../support/hallpass.ts";

let office: Office;
let told: UntoldFinding[];
let troubles: string[];
beforeEach(async () => {
  office = await openOffice();
  [told, troubles] = [[], []];
  // Everybody has the one role only.
  const { holders } = office.provider.behave;
  office.provider.behave.holders = (target) => (isRead(target) ? holders(target) : Promise.resolve([]));
});
afterEach(() => office?.close());

const isRead = (target: unknown): boolean => JSON.stringify(target) === '{"role":"r"}';

function policyThat(unknown: string) {
  const text = ordinaryPolicy({ read: "r", write: "w", subject: (name) => name });
  const policy = policyFrom(text.replace("settings: {", `settings: { drift: { unknown: ${unknown} },`));
  return (): typeof policy => policy;
}

/** Some time later. */
function look(over: Partial<DriftDeps> = {}): Promise<void> {
  office.clock.advance(11 * 60_000);
  return lookForDrift({
    ...office,
    tell: (_, findings) => Promise.resolve(void told.push(...findings)),
    onTrouble: (provider, error) =>
      void troubles.push(`${provider}: ${error instanceof Error ? error.message : ""}`),
    signal: new AbortController().signal,
    ...over,
  });
}

const events = async (): Promise<readonly string[]> =>
  (await office.events()).filter((type) => type.startsWith("drift.") || type.startsWith("grant."));

it("many looks at once are one look", async () => {
  let asked = 0;
  const { holders } = office.provider.behave;
  office.provider.behave.holders = (target) => {
    if (isRead(target)) asked += 1;
    return holders(target);
  };
  office.provider.held.add("stranger");
  office.clock.advance(0);
  await look();
  office.clock.advance(11 * 60_000);
  // The clock moves with each, but the look in hand is not over.
  await Promise.all(Array.from({ length: 5 }, () => look()));
  expect(asked).toBeLessThanOrEqual(3);
  expect(told).toHaveLength(1);
  expect(await events()).toEqual(["drift.found"]);
});

it("a provider that is away holds up no other, is no drift, and is seen again when it is back", async () => {
  await office.approved();
  await office.drain();
  const other = { ...office.provider, holders: () => Promise.resolve([]) } satisfies Provider;
  const { holders } = office.provider.behave;
  office.provider.behave.holders = () =>
    Promise.reject(new ProviderError("no route to host", { retryable: true }));
  await look({ providers: new Map([...office.providers, ["another", other]]) });
  expect(troubles).toEqual(["orders-postgres: no route to host"]);
  expect(await summariseDrift(office.db)).toMatchObject({ troubled: ["orders-postgres"] });
  expect(await events()).toEqual(["grant.started", "grant.active"]);

  office.provider.behave.holders = holders;
  await look();
  expect(troubles).toHaveLength(1);
  expect(await summariseDrift(office.db)).toEqual({
    counts: { unknown: 0, reappeared: 0, vanished: 0 },
    troubled: [],
  });
});

it("what is granted between the provider's answer and the comparison is no drift", async () => {
  const { request } = await office.approved();
  const { holders } = office.provider.behave;
  office.provider.behave.holders = async (target) => {
    // Nobody yet; and when the database is asked, the grant is active.
    const answer = await holders(target);
    if (isRead(target)) await office.drain();
    return answer;
  };
  await look();
  expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "active" });
  expect(await events()).toEqual(["grant.started", "grant.active"]);
});

it("what ends between the provider's answer and the comparison is no drift", async () => {
  await office.approved(600);
  await office.drain();
  const { holders } = office.provider.behave;
  office.provider.behave.holders = async (target) => {
    const answer = await holders(target);
    if (!isRead(target)) return [];
    office.clock.advance(601_000);
    await office.drain();
    return answer;
  };
  await look();
  expect(await events()).toEqual(["grant.started", "grant.active", "grant.revoking", "grant.revoked"]);
  expect(told).toEqual([]);
});

it("what is approved while it is being taken away as nobody's waits, and is given then", async () => {
  office.provider.held.add("alice");
  const { revoke } = office.provider.behave;
  let approved: Awaited<ReturnType<Office["approved"]>> | undefined;
  office.provider.behave.revoke = async (subject) => {
    approved = await office.approved();
    await office.drain();
    expect((await office.state(approved.request.id)).grants[0]?.status).toBe("granting");
    await revoke(subject);
  };
  await look({ policy: policyThat("remove") });
  expect(office.provider.held.has("alice")).toBe(false);
  office.provider.behave.revoke = revoke;
  office.clock.advance(2_000);
  await office.drain();
  expect((await office.state(approved?.request.id ?? "")).grants[0]?.status).toBe("active");
  expect(office.provider.held.has("alice")).toBe(true);
});

it("what is approved before it is taken away as nobody's is not taken away", async () => {
  office.provider.held.add("alice");
  office.provider.behave.mustKeep = async () => {
    await office.approved();
    return undefined;
  };
  await look({ policy: policyThat("remove") });
  expect(office.provider.calls).not.toContain("revoke");
  await office.drain();
  expect(office.provider.held.has("alice")).toBe(true);
  await look({ policy: policyThat("remove") });
  expect(office.provider.held.has("alice")).toBe(true);
});

it("what cannot be taken away is said once, tried at each look, and said when it is gone", async () => {
  office.provider.held.add("stranger");
  const { revoke } = office.provider.behave;
  const policy = policyThat("remove");
  office.provider.behave.revoke = () =>
    Promise.reject(new ProviderError("permission denied", { retryable: false }));
  await look({ policy });
  await look({ policy });
  expect(told.map(({ outcome, detail }) => [outcome, detail])).toEqual([["failing", "permission denied"]]);
  expect(await listDrift(office.db)).toEqual([
    expect.objectContaining({
      kind: "unknown",
      subject: "stranger",
      outcome: "failing",
      access: ["orders-db:read"],
    }),
  ]);
  office.provider.behave.revoke = revoke;
  await look({ policy });
  await look({ policy });
  expect(told.map(({ outcome }) => outcome)).toEqual(["failing", "removed"]);
  expect(await events()).toEqual([
    "drift.found",
    "drift.removal_failed",
    "drift.removal_failed",
    "drift.removed",
  ]);
  expect(await listDrift(office.db)).toEqual([]);
});

it("what was taken away by a process that died before it could say so is said by the next look", async () => {
  office.provider.held.add("stranger");
  const { revoke } = office.provider.behave;
  const policy = policyThat("remove");
  let goOn: (() => void) | undefined;
  const taken = new Promise<void>((resolve) => {
    office.provider.behave.revoke = async (subject) => {
      await revoke(subject);
      resolve();
      // Dead, or so slow that the others take it for dead.
      await new Promise<void>((wake) => (goOn = wake));
    };
  });
  const first = look({ policy });
  await taken;
  office.provider.behave.revoke = revoke;
  await office.db.$executeRaw`update drift_looks set claimed_until = null`;
  await look({ policy });
  goOn?.();
  await first;
  expect(await events()).toEqual(["drift.found", "drift.removed"]);
  expect(told.map(({ outcome }) => outcome)).toEqual(["removed"]);
});

it("a provider that cannot tell who must keep it takes nothing away", async () => {
  office.provider.held.add("stranger");
  const silent = { ...office.provider };
  Reflect.deleteProperty(silent, "mustKeep");
  await look({ policy: policyThat("remove"), providers: new Map([["orders-postgres", silent]]) });
  expect(told.map(({ outcome }) => outcome)).toEqual(["spared"]);
  expect(office.provider.held.has("stranger")).toBe(true);
});

it("two grants of one person: what vanished is told of both, and one's end takes nothing from the other", async () => {
  const first = await office.approved(1_800);
  const second = await office.approved(7_200);
  await office.drain();
  await look();
  expect((await events()).filter((type) => type.startsWith("grant.van"))).toEqual([]);
  office.clock.advance(1_300_000);
  await office.drain();
  expect((await office.state(first.request.id)).grants[0]?.status).toBe("revoked");
  await look();
  expect(office.provider.held.has("alice")).toBe(true);
  office.provider.held.delete("alice");
  await look();
  expect((await office.state(second.request.id)).grants[0]).toHaveProperty("vanishedAt");
  expect((await office.state(first.request.id)).grants[0]).not.toHaveProperty("vanishedAt");
  expect((await events()).filter((type) => type === "grant.vanished")).toHaveLength(1);
});

it("what somebody held before a grant stays theirs after it, without a word", async () => {
  office.provider.held.add("alice");
  const { request } = await office.approved(600);
  await office.drain();
  office.clock.advance(601_000);
  await office.drain();
  expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "revoked", isStanding: true });
  await look({ policy: policyThat("remove") });
  expect(office.provider.held.has("alice")).toBe(true);
  expect(told).toEqual([]);
  expect(await listDrift(office.db)).toEqual([]);

  // Once it is seen to be gone, it is not theirs any more.
  office.provider.held.delete("alice");
  await look();
  office.provider.held.add("alice");
  await look();
  expect(told.map(({ subject }) => subject)).toEqual(["alice"]);
});

it("what a dead process granted after the end is taken away again", async () => {
  await office.approved(600);
  await office.drain();
  office.clock.advance(601_000);
  await office.drain();
  office.provider.held.add("alice");
  await look();
  await office.drain();
  expect(office.provider.held.has("alice")).toBe(false);
  expect((await events()).slice(-2)).toEqual(["grant.reappeared", "grant.revoked"]);
  expect(told).toEqual([]);
});

it("what was found is forgotten with what was guarded", async () => {
  office.provider.held.add("stranger");
  await look();
  expect(await listDrift(office.db)).toHaveLength(1);
  const policy = policyFrom(ordinaryPolicy({ read: "other", write: "w", subject: (name) => name }));
  await look({ policy: () => policy });
  expect(await listDrift(office.db)).toEqual([]);
});
