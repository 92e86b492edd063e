import { createDatabaseClock } from "../../persistence/database/clock.ts";
import { openDatabase } from "../../persistence/database/database.ts";
import { type ListedGrant, listGrants } from "../../persistence/requests/grant-list.ts";
import { readSettings } from "../settings.ts";
import { withDatabase } from "../storage.ts";
import { requestName } from "../../domain/request/request.ts";

export type GrantsOptions = { readonly overdue?: boolean; readonly json?: boolean };

/** `hallpass grants list`: prints all access that is not proven gone, a line each. Resolves with the exit code. */
export async function grantsList({ overdue = false, json = false }: GrantsOptions): Promise<number> {
  const grants = await withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    const database = openDatabase(databaseUrl);
    try {
      return await listGrants(database.prisma, createDatabaseClock(), { overdueOnly: overdue });
    } finally {
      await database.close();
    }
  });
  process.stdout.write(json ? `${JSON.stringify(grants, null, 2)}\n` : wordGrants(grants, overdue));
  return 0;
}

function wordGrants(grants: readonly ListedGrant[], overdue: boolean): string {
  if (grants.length === 0) return overdue ? "Nothing is overdue.\n" : "There is no access.\n";
  return grants.map((grant) => `${wordGrant(grant)}\n`).join("");
}

function wordGrant(grant: ListedGrant): string {
  const { number, email, resource, role, subject, provider, status, expiresAt, endingSince } = grant;
  const who = `${requestName({ number })} ${email} ${resource}:${role} as ${subject} in ${provider}`;
  if (!grant.isOverdue) {
    if (status === "revoking") return `${who}: is being taken away`;
    return `${who}: ${expiresAt ? `until ${wordTime(expiresAt)}` : "not active yet"}`;
  }
  const { revokeAttempts, lastError } = grant;
  const tried = revokeAttempts === 0 ? "" : `, tried ${revokeAttempts} times: ${lastError ?? "no words"}`;
  return `${who}: OVERDUE, should have ended ${endingSince ? `at ${wordTime(endingSince)}` : "already"}${tried}`;
}

/** `2026-03-03T09:00:00Z` */
export function wordTime(time: Date): string {
  return time.toISOString().slice(0, 19).concat("Z");
}
