import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../src/persistence/embedded.ts";
import { findBrowser } from "./browser.ts";
import { type OwnRedis, startRedis } from "./redis.ts";

interface TestServers {
  /** Where they are, for the environment of those who use them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  /** Said at the end of the run, where it can't be overlooked. */
  readonly notice: string | undefined;
}

declare global {
  // Jest's setup and teardown share nothing but the global object.
  // eslint-disable-next-line no-var
  var hallpassTestServers: TestServers | undefined;
}

/** Starts the PostgreSQL all tests share, and a Redis where there is one. */
export async function startTestServers(): Promise<TestServers> {
  const directory = await mkdtemp(join(tmpdir(), "hallpass-test-"));
  // Under root the server runs as another user, who must be able to get here.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir: directory,
    log: { info: () => undefined },
    keepSuperuser: true,
    // A crash of the machine may eat these data, and so they need not wait for the disk.
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "200" },
  });
  const redis = await findRedis();
  return {
    env: {
      HALLPASS_TEST_POSTGRES: postgres.superuserUrl ?? "",
      HALLPASS_TEST_POSTGRES_OWNER: postgres.ownerUrl,
      HALLPASS_TEST_POSTGRES_BOT: postgres.url,
      ...(redis && { HALLPASS_TEST_REDIS: redis.url }),
    },
    notice: notices(redis !== undefined),
    async stop() {
      await redis?.kill();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function notices(hasRedis: boolean): string | undefined {
  const missing = [
    ...(hasRedis ? [] : ["Redis half not run: neither REDIS_URL nor redis-server on PATH."]),
    ...(findBrowser() === undefined ? ["Tests of the playground's page not run: no Chromium on PATH."] : []),
  ];
  return missing.length === 0 ? undefined : missing.join("\n");
}

/** Where a Redis is, if there is any, and what ends it. */
async function findRedis(): Promise<Pick<OwnRedis, "url" | "kill"> | undefined> {
  const given = process.env["REDIS_URL"];
  return given ? { url: given, kill: () => Promise.resolve() } : startRedis();
}
