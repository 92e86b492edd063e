import { apply, ClaimLost } from "../../src/access/apply.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { runClaimed } from "../../src/jobs/run-effect.ts";
import {
  beginRemoval,
  changeFinding,
  dropRemoval,
  openFinding,
} from "../../src/persistence/drift/findings.ts";
import { claimLooks, endLook, renewLook } from "../../src/persistence/drift/looks.ts";
import { claimRevocations } from "../../src/persistence/requests/due-revocations.ts";
import {
  type ClaimedEffect,
  claimEffect,
  finishEffect,
  noteAttempt,
  postponeEffect,
  renewClaim,
} from "../../src/persistence/effects/effects.ts";
import { settleMerged } from "../../src/persistence/effects/owed-messages.ts";
import { claimTelling, recordTold } from "../../src/persistence/requests/overdue.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice } from "../support/build.ts";
import { holdAccess } from "../support/holdings.ts";
import { ordinaryPolicy, policyFrom } from "../support/hallpass.ts";

let office: Office;
beforeEach(async () => {
  office = await openOffice({
    policy: (names) =>
      ordinaryPolicy(names).replace(
        "max_duration: 8h\n  - name: writing",
        "max_duration: 8h\n    remind_every: 15m\n  - name: writing",
      ),
  });
});
afterEach(() => office?.close());

/** Everything about an effect, and how long its claim still lasts as far as this test can take. */
async function rowOf(id: string): Promise<unknown> {
  return office.db.effect.findUniqueOrThrow({ where: { id } });
}

async function leasePasses(id: string): Promise<void> {
  await office.db.effect.update({ where: { id }, data: { lockedUntil: new Date(0) } });
}

async function claimed(id: string): Promise<ClaimedEffect> {
  const claim = await claimEffect(office.db, office.clock, id);
  if (!claim) throw new Error("expected it to be free");
  return claim;
}

async function twice(id: string): Promise<readonly [ClaimedEffect, ClaimedEffect]> {
  const stale = await claimed(id);
  await leasePasses(id);
  return [stale, await claimed(id)];
}

async function onlyEffect(kind: string): Promise<string> {
  const [effect] = await office.effects(kind);
  if (!effect) throw new Error(`no ${kind} is owed`);
  return effect.id;
}

const retry = { seconds: 1, error: "stale", untouched: true };

describe("whoever was paused for longer than a claim lasts", () => {
  it.each<[string, (stale: ClaimedEffect) => Promise<unknown>]>([
    ["keeps", (stale) => renewClaim(office.db, stale)],
    ["finishes", (stale) => finishEffect(office.db, office.clock, stale, "stale")],
    ["postpones", (stale) => postponeEffect(office.db, office.clock, stale, retry)],
    ["notes down", (stale) => noteAttempt(office.db, stale, "stale")],
  ])("%s nothing that somebody else has claimed since, and nobody third comes in", async (_, act) => {
    await office.approved();
    const id = await onlyEffect("grant");
    const [stale, holder] = await twice(id);
    const before = await rowOf(id);
    expect(await act(stale)).toBeUndefined();
    expect(await rowOf(id)).toEqual(before);
    expect(await claimEffect(office.db, office.clock, id)).toBeUndefined();
    await finishEffect(office.db, office.clock, holder, "held");
    expect(await rowOf(id)).toMatchObject({ lastError: "held", doneAt: expect.any(Date) });
  });

  it("ends nothing that somebody else has claimed since among many", async () => {
    await holdAccess(office, { count: 1, subjectPrefix: "p", endsInSeconds: -1 });
    const due = { limit: 1, aheadMs: 0, busy: [] };
    const [stale] = await claimRevocations(office.db, office.clock, due);
    const id = stale?.effect.id ?? "";
    await leasePasses(id);
    const [holder] = await claimRevocations(office.db, office.clock, due);
    const before = await rowOf(id);
    if (!stale || !holder) throw new Error("expected it to be claimed twice");
    await postponeEffect(office.db, office.clock, stale.effect, retry);
    await renewClaim(office.db, stale.effect);
    expect(await rowOf(id)).toEqual(before);
    expect(await claimRevocations(office.db, office.clock, due)).toEqual([]);
  });

  it("says what came of it in the world, and leaves the claim with whoever has it", async () => {
    const { request } = await office.approved();
    const id = await onlyEffect("grant");
    const stale = await claimed(id);
    let before: unknown;
    let holder: ClaimedEffect | undefined;
    office.provider.behave.grant = async (subject) => {
      office.provider.held.add(subject);
      await leasePasses(id);
      holder = await claimed(id);
      before = await rowOf(id);
    };
    await runClaimed(office.runner, stale);
    expect((await office.state(request.id)).grants[0]).toMatchObject({ status: "active" });
    expect(await rowOf(id)).toEqual(before);
    expect(await claimEffect(office.db, office.clock, id)).toBeUndefined();

    office.provider.behave.grant = (): Promise<void> => Promise.resolve();
    if (holder) await runClaimed(office.runner, holder);
    expect(await rowOf(id)).toMatchObject({ doneAt: expect.any(Date) });
    expect((await office.events()).filter((type) => type === "grant.active")).toHaveLength(1);
  });

  it("puts off no revocation that somebody else is at, though it says that its own attempt failed", async () => {
    const { request } = await office.approved();
    await office.drain();
    office.clock.advance(3_700_000);
    const id = await onlyEffect("revoke");
    const stale = await claimed(id);
    let before: unknown;
    office.provider.behave.revoke = async () => {
      await leasePasses(id);
      await claimed(id);
      before = await rowOf(id);
      throw new ProviderError("the server is away", { retryable: true });
    };
    await runClaimed(office.runner, stale);
    expect((await office.state(request.id)).grants[0]).toMatchObject({
      status: "revoking",
      revokeAttempts: 1,
    });
    expect(await rowOf(id)).toEqual(before);
  });

  it("reminds of nothing that somebody else reminds of, so that one reminder follows another", async () => {
    const asked = { requester: alice, resource: "orders-db", role: "read", durationSeconds: 3600 };
    await requestAccess(office, { ...asked, reason: "because", source: "slack" });
    office.clock.advance(16 * 60_000);
    const [stale, holder] = await twice(await onlyEffect("remind_request"));
    await runClaimed(office.runner, stale);
    expect(await office.events()).not.toContain("request.reminded");
    await runClaimed(office.runner, holder);
    expect((await office.events()).filter((type) => type === "request.reminded")).toHaveLength(1);
    const reminders = await office.effects("remind_request");
    expect(reminders).toHaveLength(2);
    // Carried out by now, it is nobody's to do once more.
    const again = apply(office, stale.requestId, { type: "remind" }, () => ({
      effect: holder,
      onlyWhileHeld: true,
      done: true,
    }));
    await expect(again).rejects.toThrow(ClaimLost);
  });

  it("settles no message of the lane that somebody else has claimed, though its own has said it", async () => {
    await office.approved();
    const id = await onlyEffect("post_request");
    const before = (await claimed(id), await rowOf(id));
    await settleMerged(office.db, office.clock, [id]);
    expect(await rowOf(id)).toEqual(before);
    await leasePasses(id);
    await settleMerged(office.db, office.clock, [id]);
    expect(await rowOf(id)).toMatchObject({ doneAt: expect.any(Date) });
  });

  it("lets nobody third say that access is overdue, and what it said itself is remembered", async () => {
    await holdAccess(office, { count: 1, subjectPrefix: "p", endsInSeconds: -600 });
    const { id: grantId } = await office.db.grant.findFirstOrThrow({ where: { subject: "p1" } });
    await office.db.$executeRaw`
      insert into overdue_grants (grant_id, since, step) values (${grantId}::uuid, statement_timestamp(), 2)`;
    const stale = await claimTelling(office.db, grantId);
    await office.db.$executeRaw`update overdue_grants set locked_until = 'epoch'`;
    const holder = await claimTelling(office.db, grantId);
    if (!stale || !holder) throw new Error("expected it to be claimed twice");
    await recordTold(office.db, grantId, stale, ["thread"]);
    expect(await claimTelling(office.db, grantId)).toBeUndefined();
    await recordTold(office.db, grantId, holder, []);
    expect(await claimTelling(office.db, grantId)).toMatchObject({ places: ["alerts"] });
  });

  it("takes the removal of unknown access from nobody", async () => {
    const about = { provider: "orders-postgres", subject: "x", target: {}, access: [], people: [] };
    const noted = { kind: "unknown", outcome: "removing" } as const;
    const id = (await openFinding(office.db, office.clock, about, noted)) ?? "";
    const stale = await beginRemoval(office.db, id);
    await office.db.$executeRaw`update drift_findings set removing_until = 'epoch'`;
    const holder = await beginRemoval(office.db, id);
    if (!stale || !holder) throw new Error("expected it to be begun twice");
    await dropRemoval(office.db, id, stale);
    expect(await beginRemoval(office.db, id)).toBeUndefined();
    const failing = { kind: "unknown", outcome: "failing", removal: stale } as const;
    expect(await changeFinding(office.db, office.clock, about, { id, outcome: "removing" }, failing)).toBe(
      true,
    );
    expect(await beginRemoval(office.db, id)).toBeUndefined();
    const held = { ...failing, detail: "held", removal: holder };
    expect(await changeFinding(office.db, office.clock, about, { id, outcome: "failing" }, held)).toBe(true);
    expect(await beginRemoval(office.db, id)).toBeDefined();
  });

  it("begins no look for drift that somebody else has by then, having waited for its turn", async () => {
    const names = ["p1", "p2", "p3", "p4", "p5"];
    const policy = policyFrom(`
version: 1
settings: { channel: "#access-requests", alerts: "#access-alerts" }
providers:
${names.map((name) => `  ${name}: { type: postgres, url: "\${URL}" }`).join("\n")}
resources:
${names.map((name) => `  ${name}: { title: One, provider: ${name}, roles: { read: { title: Read, grant: { role: r } } } }`).join("\n")}
rules:
  - { name: all, requesters: [everyone], access: ["*:read"], decision: allow, max_duration: 1h }
`);
    let asked = 0;
    let answer = (): void => undefined;
    const answered = new Promise<readonly string[]>((resolve) => (answer = (): void => resolve([])));
    let allAsked = (): void => undefined;
    const isFull = new Promise<void>((resolve) => (allAsked = resolve));
    office.provider.behave.holders = () => {
      asked += 1;
      if (asked === 4) allAsked();
      return answered;
    };
    const looking = lookForDrift({
      ...office,
      policy: () => policy,
      providers: new Map(names.map((name) => [name, office.provider])),
      tell: () => Promise.resolve(),
      onTrouble: () => undefined,
      signal: new AbortController().signal,
    });
    await isFull;
    await office.db.$executeRaw`update drift_looks set claimed_by = gen_random_uuid() where provider = 'p5'`;
    answer();
    await looking;
    const looks = await office.db.driftLook.findMany({ where: { lookedAt: null } });
    expect(looks.map(({ provider }) => provider)).toEqual(["p5"]);
    expect(asked).toBe(4);
  });

  it("ends nobody else's look for drift", async () => {
    const [a, b, c] = ["a", "b", "c"].map((letter) => `00000000-0000-7000-8000-00000000000${letter}`);
    const look = (by = ""): Promise<readonly string[]> =>
      claimLooks(office.db, office.clock, ["orders-postgres"], { by, everySeconds: 60 });
    expect(await look(a)).toEqual(["orders-postgres"]);
    await office.db.$executeRaw`update drift_looks set claimed_until = 'epoch'`;
    expect(await look(b)).toEqual(["orders-postgres"]);
    expect(await renewLook(office.db, "orders-postgres", a ?? "")).toBe(false);
    await endLook(office.db, office.clock, "orders-postgres", { by: a ?? "", trouble: "stale" });
    expect(await look(c)).toEqual([]);
    expect(await renewLook(office.db, "orders-postgres", b ?? "")).toBe(true);
  });
});
