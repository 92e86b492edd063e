import type { Grant } from "../../src/domain/grant.ts";
import { decideRequest } from "../../src/access/decide-request.ts";
import { requestAccess } from "../../src/access/request-access.ts";
import { runEffect } from "../../src/jobs/run-effect.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice, type TestProvider } from "../support/access.ts";
import { alice, bob } from "../support/build.ts";
import { ordinaryPolicy } from "../support/hallpass.ts";

const hour = 3_600_000;
const twoNames: typeof ordinaryPolicy = (names) =>
  ordinaryPolicy(names)
    .replace("providers:\n", 'providers:\n  same-postgres: { type: postgres, url: "${SAME_URL}" }\n')
    .replace(
      "resources:\n",
      `resources:
  same-db:
    title: The same database
    provider: same-postgres
    roles: { read: { title: Read only, grant: { role: ${names.read} } } }
`,
    )
    .replace('access: ["orders-db:read", "ghost-db:any"]', 'access: ["orders-db:read", "same-db:read"]');

let office: Office;
let provider: TestProvider;
beforeEach(async () => {
  office = await openOffice({ policy: twoNames });
  ({ provider } = office);
  provider.behave.targetIdOf = () => "the one role";
  office.providers.set("same-postgres", provider);
  // As both real providers do: what was there before is not added.
  const grant = provider.grant.bind(provider);
  Object.assign(provider, {
    grant: async (...args: Parameters<typeof grant>) => {
      const [subject, , , { existed }] = args;
      if (existed !== true) return grant(...args);
      if (await provider.holds(subject, args[1], {})) return args[3];
      throw new ProviderError("what they had before is gone since", { retryable: false });
    },
  });
});
afterEach(() => office?.close());

async function approved(resource: string, durationSeconds: number): Promise<string> {
  const filed = await requestAccess(office, {
    requester: alice,
    resource,
    role: "read",
    durationSeconds,
    reason: "because",
    source: "slack",
  } as const);
  if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
  const requestId = filed.request.id;
  await decideRequest(office, { requestId, by: bob, verdict: { type: "approve" }, key: requestId });
  return requestId;
}
async function granted(resource: string, s: number): Promise<string> {
  const id = await approved(resource, s);
  await office.drain();
  return id;
}
async function grantOf(requestId: string): Promise<Grant | undefined> {
  return (await office.state(requestId)).grants[0];
}
it.each(["orders-db", "same-db"])(
  "what one adds beside one that found it standing is never left behind: %s",
  async (other) => {
    provider.held.add("alice");
    const first = await granted("orders-db", 3 * 3600);
    expect((await grantOf(first))?.isStanding).toBe(true);
    let asks = 0;
    const second = await approved(other, 3600);
    // The first ask fails on the way, and what was theirs is taken away by an administrator meanwhile.
    const grant = provider.grant.bind(provider);
    Object.assign(provider, {
      grant: async (...args: Parameters<typeof grant>) => {
        asks += 1;
        if (asks === 1) {
          provider.held.delete("alice");
          throw new ProviderError("connection lost", { retryable: true });
        }
        return grant(...args);
      },
    });
    await office.drain();
    office.clock.advance(2_000);
    await office.drain();
    office.clock.advance(hour + 1000);
    await office.drain();
    office.clock.advance(3 * hour);
    await office.drain();
    expect(await grantOf(first)).toMatchObject({ status: "revoked" });
    expect(await grantOf(second)).toMatchObject({ status: "revoked" });
    expect(provider.held.size).toBe(0);
  },
);

it("what another provider's grant gave is no right of their own", async () => {
  const first = await granted("orders-db", 3600);
  const second = await approved("same-db", 3600);
  // While second looks, first ends.
  const prepare = provider.prepare.bind(provider);
  Object.assign(provider, {
    prepare: async (...args: Parameters<typeof prepare>) => {
      const prepared = await prepare(...args);
      Object.assign(provider, { prepare });
      office.clock.advance(hour + 1000);
      const [revoke] = await office.db.effect.findMany({
        where: { kind: "revoke", requestId: first, doneAt: null },
      });
      await runEffect(office.runner, revoke?.id ?? "");
      return prepared;
    },
  });
  await office.drain();
  expect(await grantOf(second)).toMatchObject({ status: "active", state: { existed: false } });
});

it("with one that found it standing still live, what was theirs gone, a new one is granted", async () => {
  provider.held.add("alice");
  await granted("orders-db", 3 * 3600);
  provider.held.delete("alice");
  const second = await granted("orders-db", 3600);
  expect(await grantOf(second)).toMatchObject({ status: "active" });
});
