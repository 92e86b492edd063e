import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { z } from "zod";
import { withClient } from "../../src/persistence/database/with-client.ts";
import { describeIf } from "../support/describe-if.ts";
import { isInstalled } from "../support/is-installed.ts";
import { keeperVariable, missingServers, testServer } from "./ask.ts";
import { servers } from "./list.js";
import { startKeeper } from "./start-keeper.ts";

const hasRedis = await isInstalled("redis-server");
const describeWithRedis = describeIf(hasRedis, "no redis-server on PATH");
const postgres15 = await testServer("postgres-15");

describeWithRedis("a server that tests ask for", () => {
  test("is started once for all who ask, and ended with its keeper", async () => {
    const keeper = await startKeeper({ ...process.env, REDIS_URL: "" });
    const [url, another] = await asking(keeper.url, () =>
      Promise.all([testServer("redis"), testServer("redis")]),
    );
    expect(url?.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(another).toEqual(url);
    const connection = await connected(url?.url);
    await keeper.stop();
    await connection.ended;
    expect(await refusal(url?.url)).toBe("ECONNREFUSED");
  });

  test("ends when whoever asked is killed, for nobody is left to end it", async () => {
    const scripts = [join(import.meta.dirname, "../support/run-typescript.js"), script("start-and-die.ts")];
    const child = spawn(process.execPath, ["--import", ...scripts, "redis"], {
      env: { ...process.env, REDIS_URL: "", [keeperVariable]: undefined },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = await once(createInterface(child.stdout), "line");
    const [url] = z.array(z.string()).parse(JSON.parse(String(line)));
    const connection = await connected(url);
    child.kill("SIGKILL");
    await connection.ended;
    expect(await refusal(url)).toBe("ECONNREFUSED");
  });
});

describe("a server that is not there", () => {
  test("is told with what brings it, to who asks and at the end", async () => {
    const keeper = await startKeeper({ PATH: "/nonexistent" });
    try {
      expect(await missingServers(keeper.url)).toEqual([]);
      const { url, missing } = await asking(keeper.url, () => testServer("redis"));
      expect(url).toBeUndefined();
      expect(missing).toBe(
        "no redis: redis-server is not installed (Debian: redis-server), and REDIS_URL is not set",
      );
      expect(await missingServers(keeper.url)).toEqual([missing]);
    } finally {
      await keeper.stop();
    }
  });

  test("is not missed where its variable names another", async () => {
    const keeper = await startKeeper({ PATH: "/nonexistent", REDIS_URL: "redis://elsewhere:6379" });
    try {
      const { url } = await asking(keeper.url, () => testServer("redis"));
      expect(url).toBe("redis://elsewhere:6379");
      expect(await missingServers(keeper.url)).toEqual([]);
    } finally {
      await keeper.stop();
    }
  });
});

test("what to install is told by Node alone, before anything is installed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hallpass-programs-"));
  try {
    await copyFile(script("../../package.json"), join(folder, "package.json"));
    for (const name of ["list.js", "programs.js"]) await copyFile(script(name), join(folder, name));
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "programs.js")]);
    const wanted = Object.values(servers).filter(({ program }) => program !== undefined);
    expect(stdout.trim().split("\n")).toEqual(
      wanted.map(({ program, packages }) => `${program} ${packages.join(" ")}`),
    );
    expect(stdout).toContain("redis-server redis-server\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});

describeIf(postgres15.url !== undefined, postgres15.missing)("PostgreSQL 15", () => {
  test("is a cluster of its own, in which one may do everything", async () => {
    const { url } = await testServer("postgres-15");
    expect(url).toBe(postgres15.url);
    const { rows } = await withClient({ connectionString: url ?? "" }, (client) =>
      client.query(
        `select current_setting('server_version_num')::int / 10000 as major, rolsuper as "isSuperuser"
         from pg_roles where rolname = current_user`,
      ),
    );
    expect(rows).toEqual([{ major: 15, isSuperuser: true }]);
  });
});

function script(name: string): string {
  return join(import.meta.dirname, name);
}

/** Asks another keeper than the one this run has. */
async function asking<T>(keeper: string, ask: () => Promise<T>): Promise<T> {
  const usual = process.env[keeperVariable];
  process.env[keeperVariable] = keeper;
  try {
    return await ask();
  } finally {
    process.env[keeperVariable] = usual;
  }
}

/** How a connection is refused, once it is: a server that ends may let go of who is connected before it lets go of its port. */
async function refusal(url = ""): Promise<unknown> {
  const { hostname, port } = new URL(url);
  for (;;) {
    const socket = connect(Number(port), hostname);
    const refused = await new Promise<unknown>((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.once("error", (error) => resolve("code" in error ? error.code : error));
    });
    socket.destroy();
    if (refused !== undefined) return refused;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A connection that the server ends when it ends. */
async function connected(url = ""): Promise<{ readonly ended: Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  // A server that was killed leaves without a word.
  const ended = new Promise((resolve) => socket.on("error", () => undefined).once("close", resolve));
  socket.resume();
  return { ended };
}
