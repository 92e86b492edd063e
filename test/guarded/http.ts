import { type ProviderServer, startProviderServer } from "../support/provider-server.ts";
import { type Guarded, heldRoles } from "./guarded.ts";

/** A tool, and its endpoint itself. */
export type GuardedTool = Guarded & { readonly endpoint: ProviderServer };

/** A tool with an endpoint as docs/http-provider.md describes it. */
export async function startGuardedTool(): Promise<GuardedTool> {
  const server = await startProviderServer();
  const subject = (person: string): string => `${person}@example.com`;
  return {
    endpoint: server,
    name: "orders-tool",
    provider: '{ type: http, url: "${ORDERS_TOOL_URL}", token: "${ORDERS_TOOL_TOKEN}" }',
    secrets: { ORDERS_TOOL_URL: server.url, ORDERS_TOOL_TOKEN: server.token },
    grants: { read: "{ level: read }", write: "{ level: write }", missing: "{ level: none }" },
    subject,
    holdings: (person) =>
      Promise.resolve(heldRoles.filter((level) => server.holders({ level }).includes(subject(person)))),
    close: () => server.close(),
  };
}
