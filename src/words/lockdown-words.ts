import { nameOf } from "./people.ts";
import type { FamilyWords } from "./told.ts";

export const lockdownWords = {
  "lockdown.begun": {
    record: ({ actor, data }) => `${nameOf(actor)} locked ${data.value} down: ${data.reason}`,
  },
  "lockdown.lifted": { record: ({ actor, data }) => `${nameOf(actor)} lifted the lockdown of ${data.value}` },
  "lockdown.refused": {
    record: ({ actor, data }) => `${nameOf(actor)} tried a lockdown but was refused: ${data.why}`,
  },
} satisfies FamilyWords<"lockdown">;
