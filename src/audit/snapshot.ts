import { Client } from "pg";

/** Does `work` on a connection of its own, on which the database stands still and nothing can be changed. */
export async function withSnapshot<T>(
  { databaseUrl, name }: { readonly databaseUrl: string; readonly name: string },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 5_000,
    application_name: name,
  });
  // A connection lost between two queries is told by the next query.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("begin transaction isolation level repeatable read read only");
    return await work(client);
  } finally {
    await client.end();
  }
}
