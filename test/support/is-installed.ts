import { access, constants } from "node:fs/promises";
import { delimiter, resolve } from "node:path";

/** Whether all these programs are on PATH, or where their whole path says. */
export async function isInstalled(...names: readonly string[]): Promise<boolean> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = await Promise.all(
    names.map(async (name) => {
      const looks = folders.map((folder) => access(resolve(folder, name), constants.X_OK));
      return (await Promise.allSettled(looks)).some(({ status }) => status === "fulfilled");
    }),
  );
  return found.every((isThere) => isThere);
}
