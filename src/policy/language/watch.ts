import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../error-message.ts";

/** How often the files are checked. The system's notifications miss what a mounted folder or a symbolic link swaps. */
const lookEveryMs = 1_000;

/** Calls back when a policy's files have changed and then stayed the same for one check, so that no half-written file is read. */
export function watchPolicy(path: string, onChange: () => Promise<unknown>): { stop(): void } {
  let stopped = false;
  let seen: string | undefined;
  let taken: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const signature = await signatureOf(path);
    taken ??= signature;
    if (signature === seen && signature !== taken) {
      taken = signature;
      await onChange();
    }
    seen = signature;
    if (!stopped) timer = setTimeout(() => void look(), lookEveryMs).unref();
  };
  void look();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Identifies a state of the files; not being readable is a state too. */
async function signatureOf(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) return wordStats(stats);
    const names = (await readdir(path)).toSorted();
    const parts = await Promise.all(
      names.map(async (name) => `${name} ${wordStats(await stat(join(path, name)))}`),
    );
    return parts.join("\n");
  } catch (error) {
    return messageOf(error);
  }
}

function wordStats(stats: { readonly mtimeMs: number; readonly size: number; readonly ino: number }): string {
  return `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
}
