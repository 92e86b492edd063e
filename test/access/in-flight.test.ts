import { apply } from "../../src/access/apply.ts";
import type { Grant } from "../../src/domain/grant/grant.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { claimEffect } from "../../src/persistence/effects/effects.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";

const minute = 60_000;
const hour = 60 * minute;

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office?.close());

const down = (): Promise<never> =>
  Promise.reject(new ProviderError("the server is away", { retryable: true }));

async function grantOf(requestId: string): Promise<Grant | undefined> {
  return (await office.state(requestId)).grants[0];
}

/** A worker claims the latest grant that is owed and dies, where it `gave` it after it had asked. When it asked, or claimed it. */
async function grantingDies(gave?: () => void): Promise<Date> {
  const [effect] = (await office.effects("grant")).slice(-1);
  const claimed = await claimEffect(office.db, office.clock, effect?.id ?? "");
  if (claimed?.kind !== "grant") throw new Error("nothing was claimed");
  const since = gave ? await asks(claimed.requestId, claimed.grantId) : claimed.startedAt;
  gave?.();
  await office.db.effect.updateMany({ where: { id: claimed.id }, data: { lockedUntil: new Date(0) } });
  return since;
}

async function asks(requestId: string, grantId: string): Promise<Date> {
  const system = await office.provider.identity();
  const { subjectId, targetId } = await office.provider.prepare("alice", { role: "r" });
  // What is there is there by another grant of ours.
  const asked = { ids: { system, subjectId, targetId }, state: { existed: false }, isStanding: false };
  const noted = await apply(office, requestId, { type: "note_asked", grantId, ...asked });
  if (!noted.applied) throw new Error(noted.refusal);
  return noted.now;
}

describe("a worker that died while a grant was in flight", () => {
  it("before it asked: the access is given from now on, for as long as was approved", async () => {
    const { request } = await office.approved();
    const startedAt = await grantingDies();
    office.clock.advance(2 * hour);
    await office.drain();
    const grant = await grantOf(request.id);
    expect(grant?.status).toBe("active");
    expect(grant?.activeAt?.getTime()).toBeGreaterThanOrEqual(startedAt.getTime() + 2 * hour);
    expect(grant?.expiresAt?.getTime()).toBe((grant?.activeAt?.getTime() ?? 0) + hour);
  });

  it("after it asked: the access counts from the first call, and ends an hour after it", async () => {
    const { request } = await office.approved();
    const startedAt = await grantingDies(() => office.provider.held.add("alice"));
    office.clock.advance(20 * minute);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "active", activeAt: startedAt });
    office.clock.advance(40 * minute);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "expired" });
    expect(office.provider.held.size).toBe(0);
  });

  it("after it asked, for longer than was approved: nothing is active, and what was given is taken away", async () => {
    const { request } = await office.approved();
    await grantingDies(() => office.provider.held.add("alice"));
    office.clock.advance(2 * hour);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "failed" });
    expect(office.provider.held.size).toBe(0);
    expect(await office.events()).not.toContain("grant.active");
  });

  it("and a provider that cannot be read: it is waited for, said once, and settled by what is found", async () => {
    const { request } = await office.approved();
    const startedAt = await grantingDies(() => office.provider.held.add("alice"));
    const { holds } = office.provider.behave;
    office.provider.behave.holds = down;
    for (let look = 0; look < 10; look += 1) {
      office.clock.advance(minute);
      await office.drain();
    }
    expect(await grantOf(request.id)).toMatchObject({ status: "granting", lastError: "the server is away" });
    expect(office.provider.calls).toEqual([]);
    expect((await office.events()).filter((type) => type === "grant.unsettled")).toHaveLength(1);
    expect(office.said.filter((kind) => kind === "tell_alerts")).toHaveLength(1);

    office.provider.behave.holds = holds;
    office.clock.advance(minute);
    await office.drain();
    const grant = await grantOf(request.id);
    expect(grant).toMatchObject({ status: "active", activeAt: startedAt });
    expect(grant?.lastError).toBeUndefined();
  });

  it("and a provider that cannot be read until the time is over: it is taken away once it can be", async () => {
    const { request } = await office.approved();
    await grantingDies(() => office.provider.held.add("alice"));
    const { behave } = office.provider;
    office.provider.behave = { ...behave, holds: down, revoke: down };
    office.clock.advance(minute);
    await office.drain();
    office.clock.advance(hour);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoking", revokeReason: "failed" });
    office.provider.behave = behave;
    office.clock.advance(hour);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
    expect(office.provider.held.size).toBe(0);
  });

  it("and a request that was withdrawn meanwhile: nothing is asked for again, and what was given is taken away", async () => {
    const { request } = await office.approved();
    await grantingDies(() => office.provider.held.add("alice"));
    const grantId = request.planned[0]?.grantId ?? "";
    await apply(office, request.id, { type: "revoke", grantId, reason: "withdrawn" });
    office.clock.advance(minute);
    await office.drain();
    expect(office.provider.calls).toEqual(["revoke"]);
    expect(office.provider.held.size).toBe(0);
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "withdrawn" });
  });

  it("does not make a person's own right ours", async () => {
    office.provider.held.add("alice");
    const { request } = await office.approved();
    const [effect] = await office.effects("grant");
    const { grant } = office.provider.behave;
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      office.provider.behave.grant = () => {
        resolve();
        return new Promise((answered) => (answer = answered));
      };
    });
    const died = runEffect(office.runner, effect?.id ?? "");
    await asked;
    office.provider.behave.grant = grant;
    await office.db.effect.updateMany({ data: { lockedUntil: new Date(0) } });
    office.clock.advance(minute);
    await office.drain();
    answer();
    await died;
    expect(await grantOf(request.id)).toMatchObject({ status: "active", isStanding: true });
    office.clock.advance(2 * hour);
    await office.drain();
    expect(office.provider.held.has("alice")).toBe(true);
  });
});

describe("a grant of the same that comes about while another one ends", () => {
  /** Grants the same to Alice for eight hours; its request. */
  async function grantedAnew(): Promise<string> {
    const { request } = await office.approved(8 * 3_600);
    const [effect] = (await office.effects("grant")).slice(-1);
    await runEffect(office.runner, effect?.id ?? "");
    return request.id;
  }

  it("gets back what was taken from it, before the other counts as ended", async () => {
    const { request } = await office.approved();
    await office.drain();
    const { revoke } = office.provider.behave;
    let second: string | undefined;
    office.provider.behave.revoke = async (subject) => {
      second ??= await grantedAnew();
      await revoke(subject);
    };
    office.clock.advance(hour);
    await office.drain();
    expect(office.provider.held.has("alice")).toBe(true);
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
    expect(await grantOf(second ?? "")).toMatchObject({ status: "active" });
    expect(await office.events()).toContain("grant.restored");
    office.clock.advance(8 * hour);
    await office.drain();
    expect(office.provider.held.size).toBe(0);
    expect(await grantOf(second ?? "")).toMatchObject({ status: "revoked" });
  });

  it("gets it back from whoever comes next, when the worker died after it took it away", async () => {
    const { request } = await office.approved();
    await office.drain();
    office.clock.advance(hour);
    await apply(office, request.id, {
      type: "revoke",
      grantId: request.planned[0]?.grantId ?? "",
      reason: "expired",
    });
    const [ending] = await office.effects("revoke");
    await claimEffect(office.db, office.clock, ending?.id ?? "");
    const second = await grantedAnew();
    office.provider.held.delete("alice");
    await office.db.effect.updateMany({ data: { lockedUntil: null } });
    office.clock.advance(minute);
    await office.drain();
    expect(office.provider.held.has("alice")).toBe(true);
    expect(await grantOf(second)).toMatchObject({ status: "active" });
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
  });

  let goOn = (): void => {};
  it.each([
    ["died", () => new Promise<void>((resolve) => (goOn = resolve))],
    [
      "was told that it failed",
      () => Promise.reject(new ProviderError("the connection is lost", { retryable: true })),
    ],
  ])("is said to have it again, once, also when the worker %s after it had given it", async (how, ends) => {
    await office.approved();
    await office.drain();
    const { revoke, grant } = office.provider.behave;
    const given = new Promise<void>((resolve) => {
      office.provider.behave.revoke = async (subject) => {
        office.provider.behave.revoke = revoke;
        await grantedAnew();
        await revoke(subject);
        office.provider.behave.grant = async (...asked) => {
          office.provider.behave.grant = grant;
          await grant(...asked);
          resolve();
          return ends();
        };
      };
    });
    office.clock.advance(hour);
    const [ending] = await office.effects("revoke");
    const first = runEffect(office.runner, ending?.id ?? "");
    await given;
    if (how !== "died") await first;
    await office.db.effect.updateMany({ data: { lockedUntil: null } });
    office.clock.advance(minute);
    await office.drain();
    expect((await office.events()).filter((type) => type === "grant.restored")).toHaveLength(1);
    expect(office.provider.held.has("alice")).toBe(true);
    goOn();
    await first;
  });

  it("is waited for while it is not settled, and the first one ends it when it comes to nothing", async () => {
    const { request } = await office.approved();
    await office.drain();
    const { revoke } = office.provider.behave;
    let second: string | undefined;
    office.provider.behave.revoke = async (subject) => {
      if (second === undefined) {
        second = (await office.approved(8 * 3_600)).request.id;
        await grantingDies(() => office.provider.held.add("alice"));
      }
      await revoke(subject);
    };
    office.clock.advance(hour);
    const [ending] = await office.effects("revoke");
    await runEffect(office.runner, ending?.id ?? "");
    expect(await grantOf(request.id)).toMatchObject({ status: "revoking" });
    const { grants } = await office.state(second ?? "");
    await apply(office, second ?? "", {
      type: "revoke",
      grantId: grants[0]?.id ?? "",
      reason: "withdrawn",
    });
    office.clock.advance(minute);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
    expect(await grantOf(second ?? "")).toMatchObject({ status: "revoked" });
    expect(office.provider.held.size).toBe(0);
  });

  it("gets back what was taken after it had read it back, and before it was recorded", async () => {
    const { request } = await office.approved();
    await office.drain();
    const { revoke, holds } = office.provider.behave;
    let second: string | undefined;
    let granting: Promise<void> | undefined;
    let recorded = (): void => {};
    office.provider.behave.revoke = async (subject) => {
      if (second === undefined) {
        second = (await office.approved(8 * 3_600)).request.id;
        const [effect] = (await office.effects("grant")).slice(-1);
        const readBack = new Promise<void>((resolve) => {
          office.provider.behave.holds = () => {
            resolve();
            return new Promise((answered) => (recorded = () => answered(true)));
          };
        });
        granting = runEffect(office.runner, effect?.id ?? "");
        await readBack;
        office.provider.behave.holds = holds;
      }
      await revoke(subject);
    };
    office.clock.advance(hour);
    const [ending] = await office.effects("revoke");
    await runEffect(office.runner, ending?.id ?? "");
    recorded();
    await granting;
    expect(await grantOf(second ?? "")).toMatchObject({ status: "active" });
    office.clock.advance(minute);
    await office.drain();
    expect(office.provider.held.has("alice")).toBe(true);
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
  });

  it("keeps nothing when it ends while it is being given back", async () => {
    const { request } = await office.approved();
    await office.drain();
    const { revoke, grant } = office.provider.behave;
    let second: string | undefined;
    office.provider.behave.revoke = async (subject) => {
      second ??= await grantedAnew();
      await revoke(subject);
      // Asked to give it back, the provider takes long enough for the second to be ended by somebody.
      office.provider.behave.grant = async (who) => {
        const ending = (await office.state(second ?? "")).grants[0];
        await apply(office, second ?? "", {
          type: "revoke",
          grantId: ending?.id ?? "",
          reason: "withdrawn",
        });
        office.provider.behave.revoke = revoke;
        for (const { id } of await office.effects("revoke")) {
          if (id !== firstEnd) await runEffect(office.runner, id);
        }
        expect(await grantOf(second ?? "")).toMatchObject({ status: "revoked" });
        await grant(who);
      };
    };
    const [ending] = await office.effects("revoke");
    const firstEnd = ending?.id ?? "";
    office.clock.advance(hour);
    await runEffect(office.runner, firstEnd);
    expect(office.provider.held.has("alice")).toBe(true);
    office.clock.advance(minute);
    await office.drain();
    expect(office.provider.held.size).toBe(0);
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked" });
  });
});

describe("access that ends while the same is being granted again", () => {
  it("is no right of their own to the new grant, whatever comes first, and ends with it", async () => {
    await office.approved();
    await office.drain();
    office.clock.advance(hour);
    const { request } = await office.approved(2 * 3600);
    // The end is carried out while the new grant is under way, and that looks only then for what is there.
    for (const kind of ["revoke", "grant"]) {
      const effect = (await office.effects(kind)).at(-1);
      await runEffect(office.runner, effect?.id ?? "");
    }
    expect((await grantOf(request.id))?.isStanding).not.toBe(true);
    office.clock.advance(minute);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "active" });
    expect(office.provider.held).toEqual(new Set(["alice"]));
    office.clock.advance(2 * hour);
    await office.drain();
    expect(await grantOf(request.id)).toMatchObject({ status: "revoked", revokeReason: "expired" });
    expect(office.provider.held.size).toBe(0);
  });
});
