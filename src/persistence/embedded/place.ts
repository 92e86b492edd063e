import { randomBytes } from "node:crypto";
import { chown, lstat, mkdir, readFile, realpath, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EmbeddedPostgresError, systemCode } from "./error.ts";

/** A user of the operating system to run the server as: PostgreSQL refuses to run as root. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Place {
  /** The directory with all of the server's files. */
  readonly root: string;
  /** The user the server runs as; `undefined`: the same as ours. */
  readonly user: OsUser | undefined;
}

// A directory that root can write to and anybody can traverse.
const shelter = "/var/lib/hallpass";

/** Finds or creates the server's directory, and chooses the user the server runs as. */
export async function settle(dataDir: string, log: { info(message: string): void }): Promise<Place> {
  const wanted = join(resolve(dataDir), "postgres");
  await mkdir(dirname(wanted), { recursive: true });
  if (process.getuid?.() !== 0) {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    const root = await realpath(wanted);
    await insistOnOwner(root);
    return { root, user: undefined };
  }
  const existing = await find(wanted);
  const user = await unprivilegedUser(existing);
  if (existing === undefined) await make(wanted, user, log);
  const root = await realpath(wanted);
  if (!(await reachable(dirname(root), user))) {
    throw new EmbeddedPostgresError(
      `PostgreSQL runs as the user "${user.name}" here (it refuses root), who must be able to reach ${root}, but a ` +
        "directory above it is closed to others; open it with chmod o+x, or set HALLPASS_DATA_DIR to another place.",
    );
  }
  return { root, user };
}

/** Whether `user` may traverse `directory` and all its parents. */
export async function reachable(directory: string, user: OsUser): Promise<boolean> {
  for (let at = await realpath(directory); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const search = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & search) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function make(wanted: string, user: OsUser, log: { info(message: string): void }): Promise<void> {
  const near = await reachable(dirname(wanted), user);
  const root = near ? wanted : join(shelter, randomBytes(6).toString("hex"));
  if (!near) await mkdir(shelter, { recursive: true, mode: 0o755 });
  await mkdir(root, { mode: 0o700 }).catch(toleratingExisting);
  await chown(root, user.uid, user.gid);
  if (near) return;
  // Two processes may get here at once: the first link wins, and both use its target.
  await symlink(root, wanted).catch(toleratingExisting);
  log.info(
    `PostgreSQL runs as the user "${user.name}" (it refuses root), who can't reach ${dirname(wanted)}: its data are ` +
      `in ${await realpath(wanted)}, linked from ${wanted}.`,
  );
}

function toleratingExisting(error: unknown): void {
  if (systemCode(error) !== "EEXIST") throw error;
}

async function find(path: string): Promise<{ readonly uid: number } | undefined> {
  try {
    await lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  return stat(path);
}

/** The owner of existing data, or else the first suitable user: the server can't run as root. */
async function unprivilegedUser(existing: { readonly uid: number } | undefined): Promise<OsUser> {
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").flatMap((line): OsUser[] => {
    const [name = "", , uid, gid] = line.split(":");
    return Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
  const named = ["hallpass", "postgres", "nobody"].map((name) => users.find((user) => user.name === name));
  const owner = existing && existing.uid !== 0 ? users.find((user) => user.uid === existing.uid) : undefined;
  const chosen = owner ?? named.find((user) => user !== undefined);
  if (chosen) return chosen;
  throw new EmbeddedPostgresError(
    "PostgreSQL refuses to run as root and /etc/passwd has none of the users hallpass, postgres or nobody; run " +
      "Hallpass as an ordinary user, add one (useradd --system hallpass), or set DATABASE_URL.",
  );
}

async function insistOnOwner(root: string): Promise<void> {
  const { uid } = await stat(root);
  const self = process.getuid?.();
  if (self === undefined || uid === self) return;
  throw new EmbeddedPostgresError(
    `${root} belongs to the user with id ${uid}, but Hallpass runs as ${self}: run it as the user who started it ` +
      "first (or as root), or set HALLPASS_DATA_DIR to another directory.",
  );
}

/** Writes one of the server's files, readable by the server's user only. */
export async function writeFor(place: Place, path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true });
  if (place.user) await chown(path, place.user.uid, place.user.gid);
}

/** Whether there is anything at that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}
