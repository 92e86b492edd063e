import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { link, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { openPossiblyCompressed } from "../export/open-file.ts";
import { type SealedVerification, type Trust, verifySealed } from "../verify/verify-sealed.ts";

/** An archive file: its name, the SHA-256 of its bytes, and what verifying its contents found. */
export type Archived = SealedVerification & { readonly name: string; readonly sha256: string };

type Part = {
  readonly from: number;
  readonly to: number;
  readonly firstAt: string;
  readonly lastAt: string;
};

/** Names an archive file: `hallpass-audit-000000000001-000000004200-20180102-20191120.jsonl.gz`. */
export function archiveName({ from, to, firstAt, lastAt }: Part): string {
  const [first, last] = [from, to].map((place) => String(place).padStart(12, "0"));
  const [begin, end] = [firstAt, lastAt].map((at) => at.slice(0, 10).replaceAll("-", ""));
  return `hallpass-audit-${first}-${last}-${begin}-${end}.jsonl.gz`;
}

/**
 * Writes a sealed export to the archive, whole or not at all, and reads it back. Throws, and replaces nothing, if a file of that
 * name exists.
 */
export async function keepArchive(
  directory: string,
  name: string,
  content: Readable,
  trust: Trust,
): Promise<Archived> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // An earlier run may have been killed while writing.
  const unfinished = join(directory, `.${name.split("-", 3).join("-")}.partial`);
  await rm(unfinished, { force: true });
  await pipeline(content, createGzip(), createWriteStream(unfinished, { flags: "wx", mode: 0o600 }));
  await sync(unfinished);
  const archived = await readArchive(directory, name, trust, unfinished);
  if (archived.faults.length === 0) {
    // A rename would replace an existing file; a hard link fails instead.
    await link(unfinished, join(directory, name));
  }
  await rm(unfinished);
  await sync(directory);
  return archived;
}

/** Reads an archive file to its end and verifies it. Throws if there is none. */
export async function readArchive(
  directory: string,
  name: string,
  trust: Trust,
  path = join(directory, name),
): Promise<Archived> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  const sha256 = digest.digest("hex");
  const content: AsyncIterable<Buffer> = await openPossiblyCompressed(path);
  return { name, sha256, ...(await verifySealed(content, trust)) };
}

/** Finds the files that begin at a place, each with its last place, longest first. */
export async function findArchives(
  directory: string,
  from: number,
): Promise<readonly { readonly name: string; readonly to: number }[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .flatMap((name) => {
      const [, first, last] = /^hallpass-audit-(\d{12,})-(\d{12,})-\d{8}-\d{8}\.jsonl\.gz$/.exec(name) ?? [];
      return Number(first) === from ? [{ name, to: Number(last) }] : [];
    })
    .toSorted((a, b) => b.to - a.to);
}

/** Flushes a file, or the names in a directory, to disk. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
