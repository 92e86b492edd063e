import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { startEmbeddedPostgres } from "../../src/persistence/embedded.ts";
import { createPostgresProvider } from "../../src/providers/postgres.ts";
import { serverUrl } from "../support/database.ts";
import type { Roles } from "./postgres-roles.ts";
import { connectAs, end, openRoles, urlAs } from "./postgres-roles.ts";

const until = new Date(Date.now() + 3_600_000);
let roles: Roles;

beforeAll(async () => {
  roles = await openRoles();
});

afterEach(() => roles.dropAll());

afterAll(() => roles.admin.end());

describe("what Hallpass connects as", () => {
  test("is told which right it lacks, and needs no more than those", async () => {
    const hallpass = await roles.create("hallpass", "LOGIN PASSWORD 'pw'");
    const target = await roles.create("target");
    const alice = await roles.create("alice", "LOGIN PASSWORD 'pw'");
    const limited = createPostgresProvider({ url: urlAs(hallpass) });
    try {
      await expect(limited.check()).rejects.toMatchObject({
        message: expect.stringContaining(`GRANT <role> TO "${hallpass}" WITH ADMIN OPTION`),
        retryable: false,
      });
      await expect(limited.grant(alice, { role: target }, until)).rejects.toMatchObject({
        message: expect.stringMatching(/^permission denied to grant role/),
        retryable: false,
      });
      await roles.admin.query(`GRANT ${target} TO ${hallpass} WITH ADMIN OPTION`);
      await expect(limited.check()).rejects.toMatchObject({
        message: expect.stringContaining(`GRANT pg_signal_backend TO "${hallpass}"`),
      });
      await roles.admin.query(`GRANT pg_signal_backend TO ${hallpass}`);
      await limited.check();
      await limited.grant(alice, { role: target }, until);
      const session = await connectAs(alice);
      const ended = end(session);
      await limited.revoke(alice, { role: target }, {});
      await ended;
      expect(await roles.isMember(alice, target)).toBe(false);
    } finally {
      await limited.close();
    }
  });

  test("is never thrown out by itself", async () => {
    const hallpass = await roles.create("hallpass", "LOGIN SUPERUSER PASSWORD 'pw'");
    const target = await roles.create("target");
    const own = createPostgresProvider({ url: urlAs(hallpass) });
    try {
      await own.grant(hallpass, { role: target }, until);
      await own.revoke(hallpass, { role: target }, {});
      expect(await own.holds(hallpass, { role: target }, {})).toBe(false);
    } finally {
      await own.close();
    }
  });

  test("has its password kept out of every error", async () => {
    const url = Object.assign(new URL(serverUrl()), { password: "secret-%40-word" }).href;
    const refused = createPostgresProvider({ url });
    const error: unknown = await refused.check().catch((each: unknown) => each);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^password authentication failed for user/),
      retryable: false,
    });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret-(%40|@)-word/);
    await refused.close();
    const unreadable = createPostgresProvider({ url: "postgresql://u:secret word@[/x" });
    await expect(unreadable.check()).rejects.not.toThrow(/secret/);
  });
});

test("a connection lost while nothing was asked doesn't matter, nor does a server that starts again", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "hallpass-provider-"));
  await chmod(dataDir, 0o755);
  const start = () =>
    startEmbeddedPostgres({
      dataDir,
      log: { info: () => undefined },
      settings: { fsync: "off" },
      keepSuperuser: true,
    });
  let server = await start();
  const there = createPostgresProvider({ url: server.superuserUrl ?? "" });
  try {
    await there.check();
    await server.stop();
    await expect(there.check()).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining("can't be reached"),
    });
    server = await start();
    await there.check();
    await server.stop();
    server = await start();
    await expect(there.check()).resolves.toBeUndefined();
  } finally {
    await there.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("a server that never answers is given up in time", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const started = performance.now();
  const waiting = createPostgresProvider({ url: `postgresql://u:p@127.0.0.1:${port}/x` });
  await expect(waiting.check()).rejects.toMatchObject({ retryable: true });
  expect(performance.now() - started).toBeLessThan(10_000);
  await waiting.close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});
