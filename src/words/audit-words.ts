import { nameOf } from "./people.ts";
import type { FamilyWords } from "./told.ts";

/** What becomes of the audit itself. */
export const auditWords = {
  "audit.exported": {
    record: ({ actor, data }) => `${nameOf(actor)} exported the audit as ${data.format} (${data.via})`,
  },
  "audit.export_failed": {
    record: ({ actor, data }) => `the audit's export could not be sent to ${nameOf(actor)}: ${data.why}`,
  },
  "audit.asked": {
    record: ({ actor, data }) => `${nameOf(actor)} asked the audit: ${data.question} (${data.via})`,
  },
  "audit.retained": {
    record: ({ actor, data }) =>
      `${nameOf(actor)} retired the audit's places ${data.from} to ${data.to}, older than ${data.before}, ${data.archive === undefined ? "and kept them nowhere" : `kept as ${data.archive}`} (${data.via})`,
  },
  "audit.refused": {
    record: ({ actor, data }) => `${nameOf(actor)} wanted to read the audit but was refused: ${data.why}`,
  },
} satisfies FamilyWords<"audit">;
