import type { Logger } from "../logger.ts";

/** Warn about at most this many types; more are noise. */
const maxTypes = 100;

/** Logs a warning for what Slack sent and Hallpass does not understand, once per type: such payloads keep coming. */
export function createNotUnderstood(log: Logger): (type: string) => void {
  const said = new Set<string>();
  return (type) => {
    const isNew = !said.has(type) && said.size < maxTypes;
    if (isNew) said.add(type);
    log[isNew ? "warn" : "debug"]({ type }, "Slack sent what Hallpass does not understand; nothing is done");
  };
}
