import type { StorageConfig } from "../config.ts";
import { readStorageConfig } from "../config.ts";
import { CommandError } from "./failure.ts";

/** Reads the settings of a command that never speaks to Slack; throws `CommandError` with all that is wrong with them. */
export function readSettings(): StorageConfig {
  const read = readStorageConfig();
  if (!read.ok) throw new CommandError(read.faults.join("\n"));
  return read.config;
}
