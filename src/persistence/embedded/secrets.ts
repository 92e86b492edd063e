import { randomBytes } from "node:crypto";
import { chmod, chown, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EmbeddedPostgresError, systemCode } from "./error.ts";
import { exists, type OsUser, type Place, writeFor } from "./place.ts";
import { parseJson } from "../../parse-json.ts";
import { messageOf } from "../../error-message.ts";

/** The key that signs the audit, in the data directory. */
export const signingKeyFile = "audit-key.pem";
/** The passwords of Hallpass's roles in its own PostgreSQL, in the data directory. */
const passwordsFile = "database-passwords.json";

/** The passwords of the roles of Hallpass's own PostgreSQL. */
export type Passwords = z.infer<typeof Passwords>;
const password = z.string().regex(/^[0-9a-f]{32,}$/);
const Passwords = z.object({ owner: password, bot: password });

/** The file with the superuser's password, while that login exists; `initdb` reads it as the server's user. */
export function firstPasswordPath(place: Place): string {
  return join(place.root, "password");
}

/**
 * Reads the passwords of the roles and, while that login exists, of the superuser; creates what is missing. Throws
 * `EmbeddedPostgresError`, also when the data can't be opened without what is missing.
 */
export async function readSecrets(
  place: Place,
  data: string,
  dataDir: string,
): Promise<{ readonly passwords: Passwords; readonly first: string | undefined }> {
  const kept = await readPasswords(dataDir);
  const first = (await readFirstPassword(place)) ?? (await makeFirstPassword(place, data, kept, dataDir));
  return { passwords: kept ?? (await makePasswords(dataDir)), first };
}

async function readFirstPassword(place: Place): Promise<string | undefined> {
  try {
    return (await readFile(firstPasswordPath(place), "utf8")).trim();
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}

/** Creates the superuser's password before the data; `undefined` when the data already belong to the roles. */
async function makeFirstPassword(
  place: Place,
  data: string,
  kept: Passwords | undefined,
  dataDir: string,
): Promise<string | undefined> {
  if (!(await exists(data))) {
    const first = randomBytes(24).toString("hex");
    await writeFor(place, firstPasswordPath(place), first);
    return first;
  }
  if (kept) return undefined;
  throw new EmbeddedPostgresError(
    `${passwordsPath(dataDir)} is missing, and without it the data in ${data} can't be opened: put it back from a backup.`,
  );
}

/** Where the passwords of a data directory are kept. */
function passwordsPath(dataDir: string): string {
  return join(dataDir, passwordsFile);
}

/** Reads the passwords, if there are any. Throws `EmbeddedPostgresError`. */
export async function readPasswords(dataDir: string): Promise<Passwords | undefined> {
  const path = passwordsPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new EmbeddedPostgresError(
      `${path} can't be read: ${messageOf(error)}; make it belong to the user Hallpass runs as.`,
      { cause: error },
    );
  }
  const parsed = Passwords.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new EmbeddedPostgresError(
    `${path} must hold the passwords of Hallpass's own PostgreSQL, and holds something else: put it back from a backup.`,
  );
}

/** Creates the passwords and stores them atomically, readable by nobody else. */
async function makePasswords(dataDir: string): Promise<Passwords> {
  const passwords: Passwords = {
    owner: randomBytes(24).toString("hex"),
    bot: randomBytes(24).toString("hex"),
  };
  const path = passwordsPath(dataDir);
  const unfinished = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(unfinished, `${JSON.stringify(passwords)}\n`, { mode: 0o600, flush: true });
  await rename(unfinished, path);
  return passwords;
}

/**
 * Makes the secrets in the data directory unreadable for the server's user: where Hallpass runs as root, files it made
 * when it ran as that user become root's.
 */
export async function keepFromServer(dataDir: string, user: OsUser): Promise<void> {
  for (const name of [signingKeyFile, passwordsFile]) {
    const path = join(dataDir, name);
    if (!(await isReadableBy(path, user))) continue;
    await chown(path, 0, 0);
    await chmod(path, 0o600);
  }
}

/** Whether `user` can read the file by its owner and mode. An owner always can, because it can change the mode. */
async function isReadableBy(path: string, user: OsUser): Promise<boolean> {
  try {
    const { mode, uid, gid } = await stat(path);
    return uid === user.uid || (mode & (gid === user.gid ? 0o040 : 0o004)) !== 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
