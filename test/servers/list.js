// @ts-check
// Plain JavaScript that needs nothing installed: `.ci/run` reads it before it installs anything.

/** All servers that tests use, by name; each is started when a test file first asks for it. */
export const servers = {
  /** Hallpass's own and guarded databases; its programs come with `npm ci`. */
  postgres: /** @type {import("./test-server.ts").TestServer} */ ({
    packages: [],
    start: async () => (await import("./postgres.ts")).startPostgres(),
  }),
  /** The oldest version that Hallpass guards. */
  "postgres-15": /** @type {import("./test-server.ts").TestServer} */ ({
    program: "/usr/lib/postgresql/15/bin/postgres",
    packages: ["postgresql-15"],
    env: "HALLPASS_TEST_POSTGRES_15",
    start: async () => (await import("./cluster.ts")).startCluster("/usr/lib/postgresql/15"),
  }),
  /** A second one of Hallpass's own: another system to a provider. */
  "another-postgres": /** @type {import("./test-server.ts").TestServer} */ ({
    packages: [],
    start: async () => (await import("./cluster.ts")).startCluster(),
  }),
  redis: /** @type {import("./test-server.ts").TestServer} */ ({
    program: "redis-server",
    packages: ["redis-server"],
    env: "REDIS_URL",
    start: async () => (await import("./redis.ts")).startRedisServer(),
  }),
};
