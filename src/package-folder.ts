import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where Hallpass is installed: the nearest folder above this file, or above the bundle it is part of, with a package.json. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    if (dirname(folder) === folder)
      throw new Error("package.json is not above the program; reinstall Hallpass");
    folder = dirname(folder);
  }
  return folder;
}
