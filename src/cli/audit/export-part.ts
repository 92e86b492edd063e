import { createHash, type Hash, randomInt } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, type FileHandle, open, rename, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip, gzip } from "node:zlib";
import type { ExportPart, RowEnd } from "../../audit/export/export.ts";
import type { SigningKey } from "../../audit/chain/signing-key.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { type Journal, readJournal, writeJournal } from "./export-journal.ts";
import { CommandError } from "../failure.ts";
import { messageOf } from "../../error-message.ts";

/** An export being written to a file, which has its name only once it is complete. */
export type ExportFile = {
  readonly part: ExportPart;
  /** Whether another run could resume it. */
  readonly isBegun: () => boolean;
  /** Writes the whole export. After a failure another run can resume it. */
  write(stream: Readable): Promise<void>;
  /** Closes the file, and deletes it unless another run could resume it. */
  discard(): Promise<void>;
};

type Options = Readonly<Record<string, string>>;

/** Creates a file. `asked`: the options as they were given, `filters`: what they mean. */
export async function beginFile(
  output: string,
  key: SigningKey,
  { asked, filters }: { readonly asked: Options; readonly filters: Options },
): Promise<ExportFile> {
  const paths = pathsOf(output);
  const handle = await open(paths.part, "ax", 0o600).catch((error: unknown) => {
    throw new CommandError(
      systemCode(error) === "EEXIST"
        ? `${paths.part} is there already: an export that was interrupted, or is being written. Give --resume to finish it, or delete ` +
            `it and ${paths.journal} to begin anew.`
        : `The export can't be written to ${output}: ${messageOf(error)}.`,
      { cause: error },
    );
  });
  // Left over from an export that was finished, or only half deleted.
  await rm(paths.journal, { force: true });
  return createFile({ output, paths, key, handle }, { lock: randomInt(2 ** 31 - 1), asked, filters });
}

/** Resumes a file that was begun with the same options. */
export async function resumeFile(
  output: string,
  key: SigningKey,
  asked: Options,
): Promise<ExportFile & { readonly filters: Options }> {
  const paths = pathsOf(output);
  await access(paths.part).catch((error: unknown) => {
    throw new CommandError(
      `There is nothing to go on with, for ${paths.part} can't be found: leave out --resume to begin.`,
      { cause: error },
    );
  });
  const journal = await readJournal({ part: paths.part, path: paths.journal }, asked, key);
  return { ...createFile({ output, paths, key }, journal), filters: journal.filters };
}

type Paths = ReturnType<typeof pathsOf>;

function pathsOf(output: string): { readonly part: string; readonly journal: string } {
  return { part: `${output}.part`, journal: `${output}.part.json` };
}

type Place = {
  readonly output: string;
  readonly paths: Paths;
  readonly key: SigningKey;
  readonly handle?: FileHandle;
};

/** Compress and write this much at once if no row is known to end before. */
const pieceBytes = 8 * 1_024 * 1_024;
const pack = promisify(gzip);

function createFile(
  { output, paths, key, handle: opened }: Place,
  begun: Pick<Journal, "lock" | "asked" | "filters"> & Partial<Journal>,
): ExportFile {
  const isPacked = output.endsWith(".gz");
  let handle = opened;
  let journal = begun.extent && { written: null, ...begun, extent: begun.extent };
  let offset = journal?.written?.offset ?? 0;
  const rowEnds: RowEnd[] = [];

  /** Writes a piece, compressed on its own so that the file can be cut after it. */
  async function keep(file: FileHandle, piece: Buffer, rowEnd: RowEnd | undefined): Promise<void> {
    const packed = isPacked ? await pack(piece) : piece;
    await file.appendFile(packed);
    offset += packed.length;
    if (!rowEnd || !journal) return;
    // Sync first: otherwise the journal could refer to data that a crash of the machine loses.
    await file.datasync();
    const { after, sha256 } = rowEnd;
    journal = { ...journal, written: { offset, after, sha256 } };
    await writeJournal(paths.journal, journal, key);
  }

  async function writePieces(stream: Readable): Promise<void> {
    let bytes = 0;
    let piece: Buffer[] = [];
    let length = 0;
    let keeping = Promise.resolve();
    const add = (chunk: Buffer): void => {
      piece.push(chunk);
      length += chunk.length;
    };
    // The next piece is collected while one is being written.
    const handOver = async (rowEnd?: RowEnd): Promise<void> => {
      await keeping;
      if (handle) keeping = keep(handle, Buffer.concat(piece), rowEnd);
      keeping.catch(() => undefined);
      piece = [];
      length = 0;
    };
    try {
      const chunks: AsyncIterable<Buffer> = stream;
      for await (const each of chunks) {
        let chunk = each;
        for (let end = rowEnds[0]; end && end.bytes <= bytes + chunk.length; end = rowEnds[0]) {
          rowEnds.shift();
          add(chunk.subarray(0, end.bytes - bytes));
          chunk = chunk.subarray(end.bytes - bytes);
          ({ bytes } = end);
          await handOver(end);
        }
        add(chunk);
        bytes += chunk.length;
        if (length >= pieceBytes) await handOver();
      }
      await handOver();
    } finally {
      await keeping;
    }
  }

  async function finish(): Promise<void> {
    await handle?.sync();
    await handle?.close();
    handle = undefined;
    await rename(paths.part, output);
    await rm(paths.journal, { force: true });
    await syncFolder(dirname(output));
  }

  return {
    part: {
      lock: begun.lock,
      extent: begun.extent,
      async begin(extent) {
        const written = journal?.written ?? undefined;
        const digest = written ? await digestOf(paths.part, written, isPacked) : createHash("sha256");
        if (!handle) {
          await truncate(paths.part, offset);
          handle = await open(paths.part, "a");
        }
        journal ??= { written: null, ...begun, extent };
        await writeJournal(paths.journal, journal, key);
        return { after: written?.after, digest };
      },
      onRowEnd: (end) => void rowEnds.push(end),
    },
    isBegun: () => journal !== undefined,
    async write(stream) {
      try {
        await writePieces(stream);
        await finish();
      } finally {
        await handle?.close();
        handle = undefined;
      }
    },
    async discard() {
      await handle?.close();
      handle = undefined;
      if (!journal) await rm(paths.part, { force: true });
    },
  };
}

/** The digest of the file up to `offset`; throws if the content has changed. */
async function digestOf(
  path: string,
  { offset, sha256 }: { readonly offset: number; readonly sha256: string },
  isPacked: boolean,
): Promise<Hash> {
  const digest = createHash("sha256");
  const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) digest.update(chunk);
  };
  const file = createReadStream(path, { end: offset - 1, highWaterMark: 256 * 1_024 });
  const fault = `${path} is not as it was written: delete it and ${path}.json, and begin anew without --resume.`;
  try {
    await (isPacked ? pipeline(file, createGunzip(), take) : pipeline(file, take));
  } catch (error) {
    throw new CommandError(fault, { cause: error });
  }
  if (digest.copy().digest("hex") !== sha256) throw new CommandError(fault);
  return digest;
}

/** Syncs a folder, so that a rename in it survives a crash. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
