import type { Grant } from "../../src/domain/grant.ts";
import { decideRequest } from "../../src/access/decide-request.ts";
import { requestAccess } from "../../src/access/request-access.ts";
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
it("what is being taken away is asked about again soon, however late the provider wants it", async () => {
  const first = await granted("orders-db", 3600);
  provider.behave.revoke = () =>
    Promise.reject(
      new ProviderError("pending", { retryable: true, isPending: true, retryAfterSeconds: 1e6 }),
    );
  office.clock.advance(hour + 1000);
  await office.drain();
  const rows = await office.db.effect.findMany({ where: { kind: "revoke", requestId: first } });
  const { now } = await office.db.$queryRaw<{ now: Date }[]>`select now()`.then((r) => r[0]!);
  expect((rows.at(-1)?.retryAt?.getTime() ?? 0) - now.getTime() - hour).toBeLessThan(400_000);
});

it.each(["a\0b", "a\ud800b"])(
  "what a provider says that no record can hold is recorded all the same: %j",
  async (words) => {
    const first = await approved("orders-db", 3600);
    provider.behave.grant = () => Promise.reject(new ProviderError(words, { retryable: false }));
    for (let i = 0; i < 8; i++) {
      await office.drain();
      office.clock.advance(61_000);
    }
    const g = await grantOf(first);
    expect(g?.status).toBe("revoked");
  },
);
