import { chmod, mkdtemp, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";
/** What the databases of a run may take, and as much again; containers often have 64 MB there. */
const roomBytes = 4 * 2 ** 30;

/**
 * A folder for a server's data; in memory if there is room: each test makes databases and drops them, which is a thousand small
 * files, and takes most disks ten times as long.
 */
export async function createServerFolder(): Promise<string> {
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  const folder = await mkdtemp(join(room < roomBytes ? tmpdir() : memory, "hallpass-test-"));
  // Under root the server runs as another user, who must be able to get here.
  await chmod(folder, 0o755);
  return folder;
}
