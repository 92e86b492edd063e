import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { extendAccess } from "../../src/access/requests/extend-access.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { claimEffect } from "../../src/persistence/effects/effects.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { lockDownElsewhere } from "../support/lockdown.ts";
import { policyWith } from "../support/rules.ts";

const hour = 3_600_000;

const rules = `
  - name: reading takes a lead
    requesters: [group:engineers]
    access: ["orders-db:read"]
    decision: review
    approvals: [{ from: [group:leads] }]
    extend: { times: 1, by: 1h }
`;

let office: Office;
let requestId: string;
let endsAt: number;
beforeEach(async () => {
  office = await openOffice({ policy: policyWith(rules) });
  requestId = (await office.approved()).request.id;
  await office.drain();
  endsAt = (await grant())?.expiresAt?.getTime() ?? 0;
  const answer = await extendAccess(office, { requestId, by: alice, key: "1" });
  if (!answer.asked || answer.answer.outcome !== "filed") throw new Error("not asked");
  const approve = { type: "approve" } as const;
  await decideRequest(office, { requestId: answer.answer.request.id, by: bob, verdict: approve, key: "bob" });
});
afterEach(() => office?.close());

async function grant() {
  return (await office.state(requestId)).grants[0];
}

async function effectOf(kind: string): Promise<string> {
  const [effect] = await office.effects(kind);
  return effect?.id ?? "";
}

it("a provider that ends access itself is told the new end, and access lasts as long there as here", async () => {
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt));
  await office.drain();
  expect((await grant())?.expiresAt).toEqual(new Date(endsAt + hour));
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt + hour));
});

it("access of who has left lasts no longer, whether or not anybody was told", async () => {
  office.accounts.set("UALICE", { is: "gone", why: "they are a guest in Slack" });
  await office.drain();
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt));
  expect(await grant()).toMatchObject({ status: "revoked", revokeReason: "offboarded" });
});

it("while Slack cannot say whether somebody is here, no provider is told that access lasts longer", async () => {
  office.accounts.set("UALICE", { is: "unknown", why: "Slack could not be asked about them" });
  await office.drain();
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt));
  office.accounts.set("UALICE", { is: "here", caller: alice });
  office.clock.advance(10_000);
  await office.drain();
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt + hour));
});

it("nothing lasts longer for who has left since it was approved, whether or not anybody was told", async () => {
  office.accounts.set("UALICE", { is: "unknown", why: "Slack could not be asked about them" });
  await office.drain();
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt));
  office.accounts.set("UALICE", { is: "gone", why: "they are a guest in Slack" });
  office.clock.advance(10_000);
  await office.drain();
  expect(await office.events()).not.toContain("grant.extended");
  expect(await office.events()).toContain("extension.failed");
  expect(office.provider.held.size).toBe(0);
  expect(await grant()).toMatchObject({ status: "revoked", revokeReason: "offboarded" });
});

it("nothing is said to last longer while the provider has not heard of it", async () => {
  const { behave } = office.provider;
  office.provider.behave = {
    ...behave,
    grant: () => Promise.reject(new ProviderError("the server is away", { retryable: true })),
  };
  await office.drain();
  expect((await grant())?.expiresAt).toEqual(new Date(endsAt));
  expect(await office.events()).not.toContain("grant.extended");
  office.provider.behave = behave;
  office.clock.advance(10_000);
  await office.drain();
  expect((await grant())?.expiresAt).toEqual(new Date(endsAt + hour));
  expect((await office.events()).filter((type) => type === "grant.extended")).toHaveLength(1);
});

it("a provider that refuses the new end leaves the old one, and that is said in its words", async () => {
  const { behave } = office.provider;
  office.provider.behave = {
    ...behave,
    grant: () => Promise.reject(new ProviderError("certificates last an hour", { retryable: false })),
  };
  await office.drain();
  const failed = await office.db.auditEvent.findFirstOrThrow({ where: { type: "extension.failed" } });
  expect(failed.data).toMatchObject({
    why: "orders-postgres could not be told the new end: certificates last an hour",
  });
  expect((await grant())?.expiresAt).toEqual(new Date(endsAt));
  office.provider.behave = behave;
  office.clock.advance(hour);
  await office.drain();
  expect(await grant()).toMatchObject({ status: "revoked" });
  expect(office.provider.held.size).toBe(0);
});

it("access that ends while its provider is told that it lasts longer is taken away again", async () => {
  const { grant: give } = office.provider.behave;
  office.provider.behave.grant = async (subject) => {
    office.clock.advance(hour);
    await runEffect(office.runner, await effectOf("revoke"));
    expect(await grant()).toMatchObject({ status: "revoked" });
    await give(subject);
  };
  await runEffect(office.runner, await effectOf("extend_access"));
  expect(office.provider.held.has("alice")).toBe(true);
  await office.drain();
  expect(office.provider.held.size).toBe(0);
  expect(await grant()).toMatchObject({ status: "revoked" });
  expect(await office.events()).toEqual(expect.arrayContaining(["grant.landed_late", "extension.failed"]));
  expect(await office.events()).not.toContain("grant.extended");
});

it("the same, when the worker that told the provider died and another comes after the end", async () => {
  const claimed = await claimEffect(office.db, office.clock, await effectOf("extend_access"));
  expect(claimed?.kind).toBe("extend_access");
  office.clock.advance(hour);
  await runEffect(office.runner, await effectOf("revoke"));
  expect(await grant()).toMatchObject({ status: "revoked" });
  office.provider.held.add("alice");
  await office.db.effect.updateMany({ where: { id: claimed?.id ?? "" }, data: { lockedUntil: null } });
  await office.drain();
  expect(office.provider.held.size).toBe(0);
  expect(await office.events()).toEqual(expect.arrayContaining(["grant.landed_late", "extension.failed"]));
});

it("two that are asked for at the same moment are not more than the rule lets there be", async () => {
  const { id } = (await office.approved()).request;
  await office.drain();
  const answers = await Promise.all(
    ["2", "3", "4"].map((key) => extendAccess(office, { requestId: id, by: alice, key })),
  );
  expect(answers.map((answer) => (answer.asked ? answer.answer.outcome : answer.refusal)).toSorted()).toEqual(
    ["extension_pending", "extension_pending", "filed"],
  );
});

it("nothing lasts longer under a lockdown that another process began since it was approved", async () => {
  await lockDownElsewhere(office);
  await office.drain();
  expect(office.provider.ends.get("alice")).toEqual(new Date(endsAt));
  expect(await office.events()).toContain("extension.failed");
  expect(await office.events()).not.toContain("grant.extended");
});
