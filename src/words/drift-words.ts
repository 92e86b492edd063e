import type { EventData } from "../domain/audit-event.ts";
import { nameList, nameOf, whose } from "./people.ts";
import type { FamilyWords } from "./told.ts";

/** Access that nobody gave through Hallpass. People are told by `driftMessage` in src/notify, many findings at once. */
export const driftWords = {
  "drift.found": {
    record: ({ data }) =>
      `${found(data)} by nobody's approval; ${data.outcome}${data.why === undefined ? "" : `: ${data.why}`}`,
  },
  "drift.adopted": { record: ({ actor, data }) => `${found(data)}; adopted by ${nameOf(actor)}` },
  "drift.removed": { record: ({ data }) => `${found(data)}; taken away and proven gone` },
  "drift.removal_failed": { record: ({ data }) => `${found(data)}; taking it away failed: ${data.error}` },
  "drift.gone": { record: ({ data }) => `${found(data)}; gone, and not because of Hallpass` },
} satisfies FamilyWords<"drift">;

function found(data: EventData<"drift.adopted">): string {
  return `${whose(data)} has ${data.access.length === 0 ? "unnamed access" : nameList(data.access)}`;
}
