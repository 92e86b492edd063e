import type { Client } from "pg";
import { withClient } from "../../persistence/database/with-client.ts";

/** The database, and the name of the connection. */
export type SnapshotAt = { readonly databaseUrl: string; readonly name: string };

/** A snapshot that other connections can read while the one that shares it is open. */
export type SharedSnapshot = SnapshotAt & { readonly id: string };

/** Runs `work` on its own connection, in a read-only transaction that sees one snapshot. */
export async function withSnapshot<T>(
  { databaseUrl, name, ...shared }: SnapshotAt | SharedSnapshot,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient({ connectionString: databaseUrl, application_name: name }, async (client) => {
    await client.query("begin transaction isolation level repeatable read read only");
    if ("id" in shared) await client.query(`set transaction snapshot ${client.escapeLiteral(shared.id)}`);
    return work(client);
  });
}

/** Shares what `client`, whose transaction is open, sees. */
export async function shareSnapshot(client: Client, at: SnapshotAt): Promise<SharedSnapshot> {
  const { rows } = await client.query<{ id: string }>("select pg_export_snapshot() as id");
  const [row] = rows;
  if (!row) throw new Error("expected PostgreSQL to name its snapshot, got nothing");
  return { ...at, id: row.id };
}
