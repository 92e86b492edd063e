import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Binaries } from "./binaries.ts";
import { findBinaries, lastLine } from "./binaries.ts";
import { EmbeddedPostgresError, explainSystemError, systemCode } from "./error.ts";
import { Holder, isGone, newHolder, withLock } from "./lock.ts";
import type { Place } from "./place.ts";
import { exists, settle, writeFor } from "./place.ts";
import { divideRoles } from "./roles.ts";
import { firstPasswordPath, keepFromServer, readSecrets } from "./secrets.ts";
import {
  type Address,
  addressUrl,
  awaitServer,
  dropEmptyRecord,
  freePort,
  type Login,
  owner,
  readRecord,
  superuser,
  worker,
} from "./server.ts";

export interface EmbeddedPostgresOptions {
  /** Everything is in `<dataDir>/postgres`, the passwords beside it. */
  readonly dataDir: string;
  /** `owner` (the bot) stops the server when it stops itself; `borrower` (a command) stops only a server it had to start. */
  readonly role?: "owner" | "borrower";
  readonly log: { info(message: string): void };
  /** Aborts the start: a server that was started is stopped, and the signal's reason thrown. */
  readonly signal?: AbortSignal;
  /** Server settings in addition to our own, as `name: value`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether the superuser's login is kept: for a server that holds more than Hallpass's database. */
  readonly keepSuperuser?: boolean;
}

export interface EmbeddedPostgres {
  /** For the role Hallpass works as, which owns nothing and can't change the audit. */
  readonly url: string;
  /** For the role that owns the database: to migrate it, and for what changes the audit. */
  readonly ownerUrl: string;
  /** For the superuser, while that login exists. */
  readonly superuserUrl: string | undefined;
  /** Whether the server was already running. */
  readonly adopted: boolean;
  /** Releases the server, and stops it if that is up to this process. */
  stop(): Promise<void>;
}

const Keeper = Holder.extend({ role: z.enum(["owner", "borrower"]) });
type Keeper = z.infer<typeof Keeper>;

const startMilliseconds = 60_000;
const lockMilliseconds = 90_000;
const portAttempts = 5;
/** How long a server told to stop during its start has for an orderly shutdown. */
const patientMilliseconds = 3_000;

/**
 * Starts PostgreSQL for Hallpass alone, or adopts the one already running on these data (a killed bot leaves its server
 * behind). Throws `EmbeddedPostgresError`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const place = await settle(options.dataDir, options.log);
    const binaries = findBinariesOnce(place);
    return await withLock(
      join(place.root, "lock"),
      lockMilliseconds,
      () => open(place, binaries, options),
      options.signal,
    );
  } catch (error) {
    throw explainSystemError(error, options.dataDir);
  }
}

function findBinariesOnce(place: Place): () => Promise<Binaries> {
  let found: Promise<Binaries> | undefined;
  return () => (found ??= findBinaries(place.root, place.user));
}

async function open(
  place: Place,
  binaries: () => Promise<Binaries>,
  { dataDir, role = "owner", log, signal, settings = {}, keepSuperuser = false }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const data = join(place.root, "data");
  const deadline = performance.now() + startMilliseconds;
  if (place.user) await keepFromServer(dataDir, place.user);
  const { passwords, first } = await readSecrets(place, data, dataDir);
  const logins = [
    ...(first === undefined ? [] : [{ role: superuser, password: first }]),
    { role: owner, password: passwords.owner },
  ];
  const found = await awaitServer(data, logins, deadline, signal);
  const adopted = found.state === "answers";
  const at = adopted
    ? found.at
    : await start(place, await binaries(), logins, { deadline, signal, settings });
  const { port } = at;
  const keeperFile = join(place.root, "keeper");
  const isOurs = !adopted || (await isFree(keeperFile));
  // A Hallpass that is already running may know only the superuser's login: the next start closes it.
  const close = isOurs && !keepSuperuser;
  if (at.role === superuser) await divideRoles(at, passwords, { close });
  if (close || at.role !== superuser) await rm(firstPasswordPath(place), { force: true });
  if (adopted) log.info(`Hallpass's own PostgreSQL runs already (port ${port}): using it.`);
  else log.info(`Hallpass's own PostgreSQL has started (port ${port}, data in ${data}).`);

  const self: Keeper = { ...newHolder(), role };
  if (!adopted || (role === "owner" && isOurs)) await writeFile(keeperFile, JSON.stringify(self));

  return {
    url: addressUrl({ port, role: worker, password: passwords.bot }),
    ownerUrl: addressUrl({ port, role: owner, password: passwords.owner }),
    superuserUrl: at.role === superuser && !close ? addressUrl(at) : undefined,
    adopted,
    stop: () =>
      // Under the lock, so that nobody adopts the server between our check and its stop.
      withLock(join(place.root, "lock"), lockMilliseconds, async () => {
        const keeper = await readKeeper(keeperFile);
        if (keeper?.keeper.token !== self.token) return;
        await rm(keeperFile, { force: true });
        if ((await readRecord(data)) === undefined) return;
        await (await binaries()).run("pg_ctl", ["stop", "-D", data, "-m", "fast", "-w", "-t", "60"]);
      }),
  };
}

/** Whether a bot may take over stopping the server: its last keeper has ended, or was only a command. */
async function isFree(keeperFile: string): Promise<boolean> {
  const found = await readKeeper(keeperFile);
  return !found || found.keeper.role === "borrower" || isGone(found.keeper, found.writtenAt);
}

async function readKeeper(
  path: string,
): Promise<{ readonly keeper: Keeper; readonly writtenAt: number } | undefined> {
  try {
    const keeper = Keeper.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
    return keeper && { keeper, writtenAt: (await stat(path)).mtimeMs };
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function start(
  place: Place,
  binaries: Binaries,
  logins: readonly Login[],
  {
    deadline,
    signal,
    settings,
  }: {
    readonly deadline: number;
    readonly signal: AbortSignal | undefined;
    readonly settings: Readonly<Record<string, string>>;
  },
): Promise<Address> {
  const data = join(place.root, "data");
  if (await exists(data)) {
    await insistOnVersion(data, binaries);
    await dropEmptyRecord(data);
  } else await initialise(place, binaries, data);
  const portFile = join(place.root, "port");
  const logFile = join(place.root, "server.log");
  let port = Number(await readFile(portFile, "utf8").catch(() => "0"));
  for (let attempt = 1; ; attempt += 1) {
    port = await freePort(port);
    signal?.throwIfAborted();
    await writeFor(place, portFile, String(port));
    const child = await binaries.serve(serverArguments(data, port, settings), logFile);
    const over = new AbortController();
    const stopping = endWhenAborted(child, signal);
    const ready = await Promise.race([ended(child), awaitOwn(data, logins, deadline, over.signal)]);
    over.abort();
    stopping();
    if (ready !== undefined) return ready;
    signal?.throwIfAborted();
    const said = await readFile(logFile, "utf8");
    const portTaken = /could not bind|Address already in use/i.test(said);
    // Remaining processes of a killed server end by themselves as soon as they notice.
    const leftovers = /still in use/.test(said) && performance.now() < deadline;
    if (leftovers) await sleep(100);
    else if (!portTaken || attempt >= portAttempts) {
      const cause = /(?:FATAL|PANIC): .*/.exec(said)?.[0] ?? lastLine(said) ?? "it said nothing";
      throw new EmbeddedPostgresError(
        `Hallpass's own PostgreSQL ended at its start: ${cause} (all in ${logFile}).`,
      );
    }
    if (portTaken) port = 0;
  }
}

function serverArguments(data: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all: Readonly<Record<string, string>> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    // Statements contain what people wrote; keep them out of files.
    log_min_error_statement: "panic",
    log_checkpoints: "off",
    ...settings,
  };
  return ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function initialise(place: Place, binaries: Binaries, data: string): Promise<void> {
  for (const name of await readdir(place.root)) {
    if (name.startsWith("data.")) await rm(join(place.root, name), { recursive: true, force: true });
  }
  // Created under a temporary name and renamed, so that a directory called `data` is always complete.
  const unfinished = `${data}.${randomBytes(4).toString("hex")}`;
  await binaries.run("initdb", [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${firstPasswordPath(place)}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // Sorting must not depend on the machine's locales: an upgrade of those silently breaks indexes.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ]);
  await rename(unfinished, data);
}

async function insistOnVersion(data: string, { major }: Binaries): Promise<void> {
  const found = (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
  if (found === major) return;
  throw new EmbeddedPostgresError(
    `The data in ${data} were made by PostgreSQL ${found}, but this Hallpass brings PostgreSQL ${major}: start the ` +
      "Hallpass they were made with, dump them (pg_dump) and load them into a new HALLPASS_DATA_DIR.",
  );
}

/** Stops a starting server on abort: orderly at first (SIGINT), then at once, without waiting for clients or disk (SIGQUIT). */
function endWhenAborted(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  let impatience: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill("SIGINT");
    impatience = setTimeout(() => child.kill("SIGQUIT"), patientMilliseconds);
  };
  if (signal?.aborted === true) end();
  signal?.addEventListener("abort", end, { once: true });
  return () => {
    signal?.removeEventListener("abort", end);
    clearTimeout(impatience);
  };
}

function ended(child: ChildProcess): Promise<undefined> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(undefined);
    else child.once("exit", () => resolve(undefined));
  });
}

async function awaitOwn(
  data: string,
  logins: readonly Login[],
  deadline: number,
  over: AbortSignal,
): Promise<Address | undefined> {
  while (!over.aborted) {
    const found = await awaitServer(data, logins, deadline);
    if (found.state === "answers") return found.at;
    if (performance.now() > deadline)
      throw new EmbeddedPostgresError(`PostgreSQL wrote no ${data}/postmaster.pid.`);
    await sleep(20);
  }
  return undefined;
}
