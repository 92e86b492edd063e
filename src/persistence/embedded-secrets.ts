import { randomBytes } from "node:crypto";
import { chmod, chown, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EmbeddedPostgresError, systemCode, wordsOf } from "./embedded-error.ts";
import { exists, type OsUser, type Place, writeFor } from "./embedded-place.ts";

/** What signs the audit, in the data directory. */
export const signingKeyFile = "audit-key.pem";
/** How Hallpass's roles log in at its own PostgreSQL, in the data directory. */
const passwordsFile = "database-passwords.json";

/** Of the roles of Hallpass's own PostgreSQL. */
export type Passwords = z.infer<typeof Passwords>;
const password = z.string().regex(/^[0-9a-f]{32,}$/);
const Passwords = z.object({ owner: password, bot: password });

/** Where the superuser's password is, for as long as one can log in as that: `initdb` reads it as the server's user. */
export function firstPasswordPath(place: Place): string {
  return join(place.root, "password");
}

/**
 * The passwords of the roles, and that of the superuser where one can log in as that. Makes what is missing before the data are
 * there. Throws `EmbeddedPostgresError`.
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

/** Made once, before the data; `undefined` where these are divided among their roles already. */
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

/** The passwords, if there are any. Throws `EmbeddedPostgresError`. */
export async function readPasswords(dataDir: string): Promise<Passwords | undefined> {
  const path = passwordsPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new EmbeddedPostgresError(
      `${path} can't be read: ${wordsOf(error)}; make it belong to the user Hallpass runs as.`,
      { cause: error },
    );
  }
  const parsed = Passwords.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  throw new EmbeddedPostgresError(
    `${path} must hold the passwords of Hallpass's own PostgreSQL, and holds something else: put it back from a backup.`,
  );
}

/** Makes passwords and keeps them: whole, and for nobody else to read. */
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
 * Takes from the server's user what it must not read in the data directory: where Hallpass runs as root, a file that came
 * there when it ran as that user becomes root's.
 */
export async function keepFromServer(dataDir: string, user: OsUser): Promise<void> {
  for (const name of [signingKeyFile, passwordsFile]) {
    const path = join(dataDir, name);
    if (!(await isReadableBy(path, user))) continue;
    await chown(path, 0, 0);
    await chmod(path, 0o600);
  }
}

/** Whether the file's owner and mode let `user` read it; whoever owns it can change its mode. */
async function isReadableBy(path: string, user: OsUser): Promise<boolean> {
  try {
    const { mode, uid, gid } = await stat(path);
    return uid === user.uid || (mode & (gid === user.gid ? 0o040 : 0o004)) !== 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
