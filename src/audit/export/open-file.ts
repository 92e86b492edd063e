import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { type Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

const pieceBytes = 256 * 1_024;

/** Opens a file as a stream of bytes, decompressed if it is compressed, whatever its name. */
export async function openPossiblyCompressed(path: string): Promise<Readable> {
  // Before there is a stream: an error of a stream that nobody reads yet ends the process.
  const isPacked = await isCompressed(path);
  const file = createReadStream(path, { highWaterMark: pieceBytes });
  if (!isPacked) return file;
  const unpacked = createGunzip({ chunkSize: pieceBytes });
  // An error of either stream ends the one that is read.
  pipeline(file, unpacked, () => undefined);
  return unpacked;
}

async function isCompressed(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Peeks at the beginning of a stream, and returns all of it. */
export async function lookAhead(
  stream: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ readonly start: string; readonly chunks: AsyncIterable<Buffer> }> {
  const iterator = stream[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < bytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start: start.toString("latin1", 0, bytes), chunks: chunks() };
}
