import { execFile } from "node:child_process";
import { appendFile, chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findBinaries } from "../../../src/persistence/embedded/binaries.ts";
import { settle } from "../../../src/persistence/embedded/place.ts";
import { freePort } from "../../support/proxy.ts";

/** Where Debian keeps PostgreSQL 15. */
const debian15 = "/usr/lib/postgresql/15/bin";

export type OwnServer = {
  /** Of its superuser `postgres`. */
  readonly url: string;
  /** Follows it, as a hot standby of its own; only where there is `pg_basebackup`. */
  readonly startStandby: () => Promise<OwnServer>;
  readonly stop: () => Promise<void>;
};

/** A server that no other test sees: `"15"` is Debian's, `"18"` the embedded one. */
export async function startOwnServer(
  version: "15" | "18",
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  const directory = await mkdtemp(join(tmpdir(), "hallpass-provider-"));
  await chmod(directory, 0o755);
  const { root, user } = await settle(directory, { info: () => undefined });
  const embedded = await findBinaries(root, user);
  const asUser = {
    cwd: root,
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin" },
    ...(user && { uid: user.uid, gid: user.gid }),
  };
  const run = async (
    program: "initdb" | "pg_ctl" | "pg_basebackup",
    args: readonly string[],
  ): Promise<void> => {
    if (version === "15") await promisify(execFile)(join(debian15, program), [...args], asUser);
    else if (program !== "pg_basebackup") await embedded.run(program, args);
  };
  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    max_connections: "20",
    ...settings,
  };

  const serve = async (data: string): Promise<OwnServer> => {
    const port = await freePort();
    await appendFile(
      join(data, "postgresql.auto.conf"),
      Object.entries({ ...all, port: String(port) })
        .map(([name, value]) => `${name} = '${value}'\n`)
        .join(""),
    );
    await run("pg_ctl", ["start", "-D", data, "-w", "-l", `${data}.log`]);
    const url = `postgresql://postgres:pw@127.0.0.1:${port}/postgres`;
    const standbys: OwnServer[] = [];
    return {
      url,
      async startStandby() {
        const copy = `${data}-${standbys.length}`;
        await run("pg_basebackup", ["-d", url, "-D", copy, "-R", "-c", "fast", "-X", "stream"]);
        const standby = await serve(copy);
        standbys.push(standby);
        return standby;
      },
      async stop() {
        for (const standby of standbys) await standby.stop();
        const pid = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0];
        if (pid) await run("pg_ctl", ["stop", "-D", data, "-m", "immediate", "-w"]);
        if (data === first) await rm(directory, { recursive: true, force: true });
      },
    };
  };

  const first = join(root, "data");
  const password = join(root, "password");
  await writeFile(password, "pw", { mode: 0o600 });
  if (user) await chown(password, user.uid, user.gid);
  await run("initdb", [
    "-D",
    first,
    "-U",
    "postgres",
    "--auth=scram-sha-256",
    `--pwfile=${password}`,
    "--no-sync",
    "--locale=C",
  ]);
  return serve(first);
}
