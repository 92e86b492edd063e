import { Client } from "pg";
import { findUnreachable } from "../../src/access/check-providers.ts";
import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { lookForDrift } from "../../src/access/drift/look-for-drift.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import { createTestProvider, type Office, type TestProvider } from "../support/access.ts";
import { bob } from "../support/build.ts";
import { openTwoNames, type TwoNames } from "../support/two-names.ts";

const hour = 3_600_000;
const carol = { email: "carol@example.com", name: "Carol", account: "UCAROL" };

let office: Office;
let provider: TestProvider;
let granted: TwoNames["granted"];
let grantOf: TwoNames["grantOf"];
beforeEach(async () => {
  ({ office, provider, granted, grantOf } = await openTwoNames());
});
afterEach(() => office?.close());

async function ended(requestId: string): Promise<unknown> {
  const event = await office.db.auditEvent.findFirst({ where: { requestId, type: "grant.revoked" } });
  return event?.data;
}

describe("what leads to one system is one system", () => {
  it.each([
    ["orders-db", "same-db"],
    ["same-db", "orders-db"],
    ["orders-db", "renamed-db"],
    ["renamed-db", "orders-db"],
  ])("the end of %s takes nothing that %s still gives, and the last end takes all", async (one, other) => {
    const first = await granted(one, 3600);
    const second = await granted(other, 2 * 3600);
    expect(await grantOf(second)).toMatchObject({ status: "active" });
    expect((await grantOf(second))?.isStanding).toBeUndefined();
    office.clock.advance(hour + 1_000);
    await office.drain();
    expect(await ended(first)).toMatchObject({ keptBy: expect.stringMatching(/^AR-/), verified: false });
    expect(provider.held.has("alice")).toBe(true);
    office.clock.advance(hour);
    await office.drain();
    expect(await ended(second)).toMatchObject({ verified: true });
    expect(provider.held.size).toBe(0);
  });

  it("two people of whom it knows the second by a new name of the first are never one there", async () => {
    await granted("orders-db", 3600);
    provider.behave.idOf = () => "id of alice";
    const ask = {
      resource: "same-db",
      role: "read",
      durationSeconds: 600,
      reason: "x",
      source: "slack",
    } as const;
    const filed = await requestAccess(office, { ...ask, requester: { ...bob } });
    if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
    const requestId = filed.request.id;
    await decideRequest(office, { requestId, by: carol, verdict: { type: "approve" }, key: "carol" });
    await office.drain();
    expect((await grantOf(requestId))?.lastError).toContain("tell them apart under `people`");
    expect(provider.calls.filter((call) => call === "grant")).toHaveLength(1);
  });

  it("two people who begin at the same moment, whom it knows as one, are not both let in", async () => {
    provider.behave.idOf = () => "id of alice";
    const approved = async (email: string, resource: string): Promise<string> => {
      const filed = await requestAccess(office, {
        requester: { email, name: email },
        resource,
        role: "read",
        durationSeconds: 600,
        reason: "at once",
        source: "slack",
      });
      if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
      const requestId = filed.request.id;
      await decideRequest(office, { requestId, by: carol, verdict: { type: "approve" }, key: email });
      return requestId;
    };
    const both = [
      await approved("alice@example.com", "orders-db"),
      await approved("bob@example.com", "same-db"),
    ];
    // Neither is on record before both have looked who is.
    const holder = new Client({ connectionString: office.url });
    await holder.connect();
    try {
      await holder.query("begin");
      await holder.query("select from access_requests where id = any($1) for update", [both]);
      const drained = office.drain();
      await office.untilWaiting(2);
      await holder.query("commit");
      await drained;
    } finally {
      await holder.end();
    }
    const grants = await Promise.all(both.map(grantOf));
    expect(new Set(grants.map((grant) => grant?.status))).toEqual(new Set(["active", "revoked"]));
    expect(grants.flatMap((grant) => grant?.lastError ?? [])).toEqual([
      expect.stringContaining("tell them apart under `people`"),
    ]);
    expect(provider.calls.filter((call) => call === "grant")).toHaveLength(1);
    expect(provider.held.size).toBe(1);
  });
});

describe("another system under the same name", () => {
  it("is never asked to take away what was granted elsewhere, and that is said until it can be", async () => {
    const requestId = await granted("orders-db", 3600);
    const swapped = createTestProvider();
    swapped.behave.identity = () => Promise.resolve("another server");
    office.providers.set("orders-postgres", swapped).set("same-postgres", swapped);
    office.clock.advance(hour + 1_000);
    await office.drain();
    expect(swapped.calls).toEqual([]);
    expect(await grantOf(requestId)).toMatchObject({
      status: "revoking",
      lastError: expect.stringContaining("granted on another system (the test's own)"),
    });
    expect(await office.events()).toContain("revocation.failed");
    office.providers.set("orders-postgres", provider);
    office.clock.advance(10 * 60_000);
    await office.drain();
    expect(await ended(requestId)).toMatchObject({ verified: true, system: "the test's own" });
    expect(provider.held.size).toBe(0);
  });

  it("is passed over for whichever provider of the policy leads where it was granted", async () => {
    const requestId = await granted("orders-db", 3600);
    const swapped = createTestProvider();
    swapped.behave.identity = () => Promise.resolve("another server");
    office.providers.set("orders-postgres", swapped);
    office.clock.advance(hour + 1_000);
    await office.drain();
    expect(await ended(requestId)).toMatchObject({ verified: true });
    expect(swapped.calls).toEqual([]);
    expect(provider.held.size).toBe(0);
  });

  it("is found when providers are checked, with the requests whose access nobody could end", async () => {
    await granted("orders-db", 3600);
    const swapped = createTestProvider();
    swapped.behave.identity = () => Promise.resolve("another server");
    office.providers.set("orders-postgres", swapped).delete("same-postgres");
    expect(await findUnreachable(office.db, office.providers)).toEqual([
      { provider: "orders-postgres", what: expect.stringMatching(/AR-\d+ was granted on the test's own/) },
    ]);
    office.providers.set("orders-postgres", provider);
    expect(await findUnreachable(office.db, office.providers)).toEqual([]);
  });
});

describe("a look for drift", () => {
  async function look(): Promise<readonly string[]> {
    office.clock.advance(11 * 60_000);
    await lookForDrift({
      ...office,
      tell: () => Promise.resolve(),
      onTrouble: (name, error) => {
        throw new Error(name, { cause: error });
      },
      signal: new AbortController().signal,
    });
    return (await office.events()).filter((type) => /^drift\.|vanished|reappeared/.test(type));
  }

  it("knows whom it granted to by their ids, whatever they are called now", async () => {
    await granted("orders-db", 3 * 3600);
    provider.held.delete("alice");
    provider.held.add("alice2");
    provider.behave.idOf = (name) => (name === "alice2" ? "id of alice" : `id of ${name}`);
    expect(await look()).toEqual([]);
  });

  it("takes nobody for whom it granted to, who has only taken over their name", async () => {
    await granted("orders-db", 3 * 3600);
    provider.behave.idOf = () => "id of another";
    expect((await look()).toSorted()).toEqual(expect.arrayContaining(["drift.found", "grant.vanished"]));
  });

  it("reports as unknown what others gave, and never as what had ended here", async () => {
    const requestId = await granted("orders-db", 600);
    provider.others.set("alice", "postgres gave it too");
    office.clock.advance(601_000);
    await office.drain();
    expect(await grantOf(requestId)).toMatchObject({ status: "revoked", isLeft: true });
    provider.held.add("alice");
    expect(await look()).not.toContain("grant.reappeared");
    expect(await look()).toContain("drift.found");
  });
});
