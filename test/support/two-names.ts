import { decideRequest } from "../../src/access/requests/decide-request.ts";
import { requestAccess } from "../../src/access/requests/request-access.ts";
import type { Grant } from "../../src/domain/grant/grant.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { type Office, openOffice, type TestProvider } from "./access.ts";
import { alice, bob } from "./build.ts";
import { ordinaryPolicy } from "./hallpass.ts";

/** One server that two providers of the policy lead to, whose one role goes by two names. */
export type TwoNames = {
  readonly office: Office;
  readonly provider: TestProvider;
  /** Alice asks for `read` of a resource, and Bob approves; nothing is carried out yet. The request. */
  readonly approved: (resource: string, durationSeconds: number) => Promise<string>;
  /** The same, and all that is due is done. */
  readonly granted: (resource: string, durationSeconds: number) => Promise<string>;
  readonly grantOf: (requestId: string) => Promise<Grant | undefined>;
};

/** `orders-db` and `renamed-db` are of `orders-postgres`, `same-db` of `same-postgres`. */
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
  renamed-db:
    title: By the role's old name
    provider: orders-postgres
    roles: { read: { title: Read only, grant: { role: old_${names.read} } } }
`,
    )
    .replace(
      'access: ["orders-db:read", "ghost-db:any"]',
      'access: ["orders-db:read", "same-db:read", "renamed-db:read"]',
    );

export async function openTwoNames(): Promise<TwoNames> {
  const office = await openOffice({ policy: twoNames });
  const { provider } = office;
  provider.behave.targetIdOf = () => "the one role";
  office.providers.set("same-postgres", provider);
  const approved = async (resource: string, durationSeconds: number): Promise<string> => {
    const ask = { requester: alice, resource, role: "read", durationSeconds, reason: "because" } as const;
    const filed = await requestAccess(office, { ...ask, source: "slack" });
    if (filed.outcome !== "filed") throw new Error(JSON.stringify(filed));
    const requestId = filed.request.id;
    await decideRequest(office, { requestId, by: bob, verdict: { type: "approve" }, key: requestId });
    return requestId;
  };
  return {
    office,
    provider,
    approved,
    async granted(resource, durationSeconds) {
      const requestId = await approved(resource, durationSeconds);
      await office.drain();
      return requestId;
    },
    grantOf: async (requestId) => (await office.state(requestId)).grants[0],
  };
}

/** As both real providers do: what was there before is not added. */
export function addsNothingToWhatWasThere(provider: TestProvider): void {
  const grant = provider.grant.bind(provider);
  Object.assign(provider, {
    grant: async (...asked: Parameters<typeof grant>) => {
      const [subject, target, , state] = asked;
      if (state["existed"] !== true) return grant(...asked);
      if (await provider.holds(subject, target, {})) return { state };
      throw new ProviderError("what they had before is gone since", { retryable: false });
    },
  });
}
