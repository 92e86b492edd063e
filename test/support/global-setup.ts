import { createTemplate } from "./database.ts";
import { startTestServers } from "./test-servers.ts";

/** Before all tests: a PostgreSQL with a migrated template, a Redis where there is one; workers learn of them by environment. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function globalSetup(): Promise<void> {
  const servers = await startTestServers();
  globalThis.hallpassTestServers = servers;
  try {
    Object.assign(process.env, servers.env);
    await createTemplate();
  } catch (error) {
    // Jest runs no teardown when the setup fails.
    await servers.stop();
    throw error;
  }
}
