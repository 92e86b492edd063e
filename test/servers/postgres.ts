import { migrateAsOwner } from "../../src/persistence/database/bring-up-to-date.ts";
import { owner, worker } from "../../src/persistence/embedded/server.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { withClient } from "../../src/persistence/database/with-client.ts";
import { testPersonFunction } from "../support/people.ts";
import { startInFolder } from "./folder.ts";
import type { RunningServer } from "./test-server.ts";

/** A migrated database to clone. */
export const template = "hallpass_template";

/** Nothing of it outlives the run: it need not wait for the disk. */
export const forgetful = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** The PostgreSQL that Hallpass brings, with the template in it. */
export function startPostgres(): Promise<RunningServer> {
  return startInFolder(async (dataDir) => {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: { info: () => undefined },
      keepSuperuser: true,
      settings: {
        ...forgetful,
        // Passwords of tests are no secrets, and each Hallpass opens some twenty connections.
        scram_iterations: "1",
        max_connections: "200",
        reserved_connections: "3",
      },
    });
    const { ownerUrl, superuserUrl = "", url } = postgres;
    try {
      await createTemplate(postgres);
    } catch (error) {
      await postgres.stop();
      throw error;
    }
    return {
      url: inDatabase(superuserUrl, "postgres"),
      logins: { owner: ownerUrl, bot: url },
      stop: () => postgres.stop(),
    };
  });
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
