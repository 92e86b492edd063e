import { readFileSync } from "node:fs";
import { z } from "zod";

// src/cli and dist/cli are equally deep.
const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");

/** The version of this Hallpass. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
