import { Client, type ClientConfig } from "pg";

/** Runs `work` on a connection of its own. Throws the driver's error when the database can't be asked. */
export async function withClient<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionTimeoutMillis: 5_000, ...config });
  // The next query reports a connection lost between two queries.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
