import { rm } from "node:fs/promises";
import { migrateAsOwner } from "../../src/persistence/database/bring-up-to-date.ts";
import { owner, worker } from "../../src/persistence/embedded/server.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { withClient } from "../../src/persistence/database/with-client.ts";
import { testPersonFunction } from "../support/people.ts";
import { createServerFolder } from "./folder.ts";
import type { RunningServer } from "./test-server.ts";

/** A migrated database to clone. */
export const template = "hallpass_template";

/** Nothing of it outlives the run: it need not wait for the disk. */
export const forgetful = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** The PostgreSQL that Hallpass brings, with the template in it. */
export async function startPostgres(): Promise<RunningServer> {
  const directory = await createServerFolder();
  const postgres = await startEmbeddedPostgres({
    dataDir: directory,
    log: { info: () => undefined },
    keepSuperuser: true,
    settings: { ...forgetful, max_connections: "200", reserved_connections: "3" },
  });
  const stop = async (): Promise<void> => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await createTemplate(postgres);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = inDatabase(postgres.superuserUrl ?? "", "postgres");
  return { url, logins: { owner: postgres.ownerUrl, bot: postgres.url }, stop };
}

async function createTemplate({ superuserUrl = "", ownerUrl }: EmbeddedPostgres): Promise<void> {
  await withClient({ connectionString: inDatabase(superuserUrl, "postgres") }, (client) =>
    client.query(`CREATE DATABASE "${template}" OWNER ${owner}`),
  );
  const log = { info: () => undefined, warn: () => undefined };
  const url = inDatabase(ownerUrl, template);
  await migrateAsOwner(url, worker, { queues: true, log });
  await withClient({ connectionString: url }, (client) => client.query(testPersonFunction));
}

/** The same server and role, in another database. */
export function inDatabase(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
