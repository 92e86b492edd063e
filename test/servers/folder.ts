import { chmod, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningServer } from "./test-server.ts";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";
/** What the databases of a run may take, and as much again; containers often have 64 MB there. */
const roomBytes = 4 * 2 ** 30;

/**
 * Starts a server on a folder of its own, which goes with it. The folder is in memory if there is room: each test makes databases and
 * drops them, which is a thousand small files, and takes most disks ten times as long.
 */
export async function startInFolder(
  start: (folder: string) => Promise<RunningServer>,
): Promise<RunningServer> {
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const folder = await mkdtemp(join(room < roomBytes ? tmpdir() : memory, "hallpass-test-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    // Under root the server runs as another user, who must be able to get here.
    await chmod(folder, 0o755);
    const server = await start(folder);
    return {
      ...server,
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
