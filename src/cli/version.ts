import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageFolder } from "../package-folder.ts";

const manifest = readFileSync(join(packageFolder(), "package.json"), "utf8");

/** The version of this Hallpass. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
