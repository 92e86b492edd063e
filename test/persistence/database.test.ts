import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import type { Database } from "../../src/persistence/database/database.ts";
import {
  DatabaseRefusedError,
  describeDatabaseUrl,
  isDatabaseUnavailable,
  openDatabase,
  waitForDatabase,
} from "../../src/persistence/database/database.ts";
import type { EmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { startEmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase, serverUrl } from "../support/database.ts";

let shared: TestDatabase;

beforeAll(async () => {
  shared = await createDatabase();
});

afterAll(() => shared.close());

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("expected a failure");
}

test("a statement is planned once a connection, and texts that vary do not pile up in it", async () => {
  const database = openDatabase(shared.url, { poolSize: 1 });
  const planned = async (): Promise<number> => {
    const [row] = await database.prisma.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from pg_prepared_statements`;
    return row.count;
  };
  const before = await planned();
  for (const number of [1, 2, 3]) await database.prisma.$queryRaw`select ${number}::int as number`;
  expect(await planned()).toBe(before + 1);
  for (let number = 0; number < 300; number += 1)
    await database.prisma.$queryRawUnsafe(`select ${number} as number`);
  expect(await planned()).toBe(200);
  await database.close();
});

test("an open database is asked through Prisma, under Hallpass's name and with its limits", async () => {
  const database = openDatabase(shared.url);
  const { prisma } = database;
  try {
    const rows = await prisma.$queryRaw`
      SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout`;
    expect(rows).toEqual([{ name: "hallpass", timeout: "15s" }]);
    expect(await prisma.accessRequest.count()).toBe(0);
  } finally {
    await database.close();
  }
});

test("the pool is no larger than it was told", async () => {
  const database = openDatabase(shared.url, { poolSize: 2, applicationName: "small pool" });
  const { prisma } = database;
  try {
    const counts = await Promise.all(
      Array.from(
        { length: 8 },
        () => prisma.$queryRaw<{ open: bigint }[]>`
          SELECT count(*) AS open, pg_sleep(0.01) IS NULL FROM pg_stat_activity WHERE application_name = 'small pool'`,
      ),
    );
    expect(Math.max(...counts.map(([row]) => Number(row?.open)))).toBe(2);
  } finally {
    await database.close();
  }
});

describe("a database that can't be reached", () => {
  let dataDir: string;
  let database: Database;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "hallpass-database-"));
    await chmod(dataDir, 0o755);
  });

  function start(): Promise<EmbeddedPostgres> {
    return startEmbeddedPostgres({
      dataDir,
      log: { info: () => undefined },
      settings: { max_connections: "5" },
      keepSuperuser: true,
    });
  }

  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("is told apart from a query that is wrong, while it stops, is down, and is full; and is used again after", async () => {
    let server = await start();
    database = openDatabase(server.superuserUrl ?? "");
    const { prisma } = database;
    const ask = () => prisma.$queryRaw`SELECT 1 AS one`;
    expect(await ask()).toEqual([{ one: 1 }]);

    // The server goes while a query runs, and while a transaction is open.
    const during = Promise.all([
      failure(() => prisma.$queryRaw`SELECT pg_sleep(30) IS NULL AS slept`),
      failure(() => prisma.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(30) IS NULL AS slept`)),
    ]);
    const probe = new Client({ connectionString: server.superuserUrl });
    await probe.connect();
    for (let sleeping = 0; sleeping < 2;) {
      const { rows } = await probe.query<{ sleeping: number }>(
        "SELECT count(*)::int AS sleeping FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
      );
      sleeping = rows[0]?.sleeping ?? 0;
    }
    await probe.end();
    await server.stop();
    expect((await during).map(isDatabaseUnavailable)).toEqual([true, true]);

    // It is down.
    expect(isDatabaseUnavailable(await failure(ask))).toBe(true);
    expect(isDatabaseUnavailable(await failure(() => prisma.accessRequest.count()))).toBe(true);
    expect(
      isDatabaseUnavailable(await failure(() => prisma.$transaction((tx) => tx.$queryRaw`SELECT 1`))),
    ).toBe(true);
    expect(
      isDatabaseUnavailable(await failure(() => prisma.$transaction([prisma.accessRequest.count()]))),
    ).toBe(true);

    // It is back, without a restart of ours.
    server = await start();
    expect(await ask()).toEqual([{ one: 1 }]);

    // It has no connection left.
    const others: Client[] = [];
    try {
      let full: unknown;
      while (full === undefined) {
        const client = new Client({ connectionString: server.superuserUrl });
        client.on("error", () => undefined);
        others.push(client);
        full = await client.connect().then(
          () => undefined,
          (error: unknown) => error,
        );
      }
      expect(isDatabaseUnavailable(full)).toBe(true);
      const errors = await Promise.all(
        [ask(), ask(), ask()].map((each) => failure(() => each).catch(() => undefined)),
      );
      const failed = errors.filter((error) => error !== undefined);
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.every(isDatabaseUnavailable)).toBe(true);
    } finally {
      for (const client of others) await client.end();
    }

    // What is wrong stays wrong.
    expect(isDatabaseUnavailable(await failure(() => prisma.$queryRaw`SELECT nonsense`))).toBe(false);
    expect(isDatabaseUnavailable(await failure(() => prisma.accessRequest.count()))).toBe(false);

    // Its connections are cut off from the server's side, one by one.
    await failure(() => prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`).then((error) =>
      expect(isDatabaseUnavailable(error)).toBe(true),
    );
    expect(await ask()).toEqual([{ one: 1 }]);
    await server.stop();
  });
});

test.each([
  ["takes every connection and says nothing", (socket: Socket) => void socket.pause()],
  ["ends every connection", (socket: Socket) => void socket.end()],
  ["breaks every connection", (socket: Socket) => void socket.resetAndDestroy()],
])("a database is out of reach, too, behind something that %s", async (_, serve) => {
  const sockets: Socket[] = [];
  const something = createServer((socket) => {
    sockets.push(socket);
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(something, "listening");
  const database = openDatabase(`postgresql://u:p@127.0.0.1:${portOf(something)}/x`);
  try {
    const errors = await Promise.all([
      failure(() => database.prisma.accessRequest.count()),
      failure(() => database.prisma.$queryRaw`SELECT 1`),
    ]);
    expect(errors.map(isDatabaseUnavailable)).toEqual([true, true]);
  } finally {
    await database.close();
    for (const socket of sockets) socket.destroy();
    something.close();
  }
});

test.each([
  ["nobody listens", "postgresql://u:secret-word@127.0.0.1:1/x"],
  ["no such host", "postgresql://u:secret-word@no-such-host.invalid/x"],
])("waiting says where and why, never the password, and can be given up: %s", async (_, url) => {
  const said: string[] = [];
  const giveUp = new AbortController();
  const reason = new Error("told to stop");
  await expect(
    waitForDatabase(url, {
      log: {
        warn(message) {
          said.push(message);
          giveUp.abort(reason);
        },
      },
      signal: giveUp.signal,
    }),
  ).rejects.toBe(reason);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^Waiting for the database at postgresql:\/\/u@[\w.-]+:\d+\/x: \S/);
  expect(said[0]).not.toContain("secret-word");
});

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("expected a server that listens on a port");
  return address.port;
}

test("waiting ends when the server comes up", async () => {
  const { host, pathname, username, password } = new URL(shared.url);
  // A proxy that opens late stands for a server that does.
  const proxy = createServer((socket) => {
    const upstream = connect(Number(host.split(":")[1]), "127.0.0.1");
    socket.pipe(upstream).pipe(socket);
    socket.on("error", () => upstream.destroy());
    upstream.on("error", () => socket.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const port = portOf(proxy);
  await new Promise((resolve) => proxy.close(resolve));
  const waiting = waitForDatabase(`postgresql://${username}:${password}@127.0.0.1:${port}${pathname}`, {
    log: { warn: () => void proxy.listen(port, "127.0.0.1") },
  });
  await expect(waiting).resolves.toBeUndefined();
  await new Promise((resolve) => proxy.close(resolve));
});

test("a refusal isn't waited for, and doesn't show the password", async () => {
  const wrong = Object.assign(new URL(shared.url), { password: "secret-word" }).href;
  const error = await failure(() => waitForDatabase(wrong, { log: { warn: () => undefined } }));
  expect(error).toBeInstanceOf(DatabaseRefusedError);
  expect(String(error)).toMatch(/refused Hallpass: password authentication failed for user "hallpass"/);
  expect(String(error)).not.toContain("secret-word");
  await expect(waitForDatabase(serverUrl("not_there"), { log: { warn: () => undefined } })).rejects.toThrow(
    /database "not_there" does not exist/,
  );
});

test.each([
  [
    "postgresql://alice:hush@db.example.com:6432/hallpass?sslmode=require",
    "postgresql://alice@db.example.com:6432/hallpass",
  ],
  ["postgres://alice:hu%40sh@db.example.com/hallpass", "postgres://alice@db.example.com:5432/hallpass"],
  ["postgresql:///hallpass?host=/run/postgresql&password=hush", "postgresql:///run/postgresql:5432/hallpass"],
  ["hush", "an address that can't be read (expected postgresql://user:password@host:port/name)"],
])("%s is described without its password", (url, description) => {
  expect(describeDatabaseUrl(url)).toBe(description);
});

test("no error of ours is taken for a lost connection", () => {
  for (const each of [
    undefined,
    null,
    "ECONNREFUSED",
    new Error("boom"),
    { code: "P2002" },
    { code: "23505" },
    new AggregateError([]),
  ]) {
    expect(isDatabaseUnavailable(each)).toBe(false);
  }
});
