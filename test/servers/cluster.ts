import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { findBinaries } from "../../src/persistence/embedded/binaries.ts";
import { settle, writeFor } from "../../src/persistence/embedded/place.ts";
import { freePort } from "../support/proxy.ts";
import { startInFolder } from "./folder.ts";
import { forgetful } from "./postgres.ts";
import type { RunningServer } from "./test-server.ts";

/**
 * A fresh cluster with nothing in it, of the PostgreSQL that is installed there, or else of the one that Hallpass brings; run as
 * another user where we are root.
 */
export function startCluster(installed?: string): Promise<RunningServer> {
  return startInFolder((folder) => startIn(folder, installed));
}

async function startIn(directory: string, installed: string | undefined): Promise<RunningServer> {
  const place = await settle(directory, { info: () => undefined });
  const binaries = await findBinaries(place.root, place.user, installed);
  const data = join(place.root, "data");
  const passwordFile = join(place.root, "password");
  const password = randomBytes(16).toString("hex");
  await writeFor(place, passwordFile, password);
  await binaries.run("initdb", [
    `--pgdata=${data}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    "--no-sync",
  ]);
  const port = await freePort();
  const settings = {
    ...forgetful,
    port: String(port),
    listen_addresses: "127.0.0.1",
    // None: the folder that Debian has for sockets is its own server's.
    unix_socket_directories: "''",
    timezone: "UTC",
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const log = join(place.root, "server.log");
  await binaries.run("pg_ctl", ["start", "-w", "-D", data, "-l", log, "-o", options.join(" ")]);
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop: async () => void (await binaries.run("pg_ctl", ["stop", "-w", "-D", data, "-m", "fast"])),
  };
}
