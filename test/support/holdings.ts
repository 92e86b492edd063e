import type { Office } from "./access.ts";
import { type ActiveGrants, recordActiveGrants } from "./active-grants.ts";

/** Has people hold access that ends, in a provider of the office's; `prefix1`, `prefix2` and so on. */
export async function holdAccess(
  office: Office,
  grants: Pick<ActiveGrants, "count" | "subjectPrefix" | "endsInSeconds"> &
    Partial<Pick<ActiveGrants, "provider" | "spreadSeconds">>,
): Promise<void> {
  await recordActiveGrants((sql, values) => office.db.$queryRawUnsafe<object[]>(sql, ...(values ?? [])), {
    provider: "orders-postgres",
    roles: ["r"],
    policyVersion: office.policy().hash,
    channel: "#access-requests",
    ...grants,
  });
  for (let n = 1; n <= grants.count; n += 1) office.provider.held.add(`${grants.subjectPrefix}${n}`);
}
