import type { Logger } from "../logger.ts";

/** As many kinds as are said; what comes after that is noise. */
const maxTypes = 100;

/** Says what Slack sent that is not understood, once a type: whoever sends such does so again and again. */
export function createNotUnderstood(log: Logger): (type: string) => void {
  const said = new Set<string>();
  return (type) => {
    const isNew = !said.has(type) && said.size < maxTypes;
    if (isNew) said.add(type);
    log[isNew ? "warn" : "debug"]({ type }, "Slack sent what Hallpass does not understand; nothing is done");
  };
}
