import { nameList, nameOf } from "./people.ts";
import type { FamilyWords } from "./told.ts";

/** Who is who. */
export const personWords = {
  "person.joined": {
    record: ({ data }) =>
      `person ${data.other} turned out to be person ${data.person}: both go by ${data.address}${data.requests.length === 0 ? "" : `; one had decided about the other: ${nameList(data.requests)}`}`,
  },
  "person.passed": {
    record: ({ data }) =>
      `${data.address} was that of person ${data.other}, who has left, and is that of person ${data.person}`,
  },
  "person.split": {
    record: ({ actor, data }) =>
      `${nameList(data.names)} became person ${data.other} instead of person ${data.person}, by ${nameOf(actor)} (${data.via})`,
  },
  "person.erased": { record: ({ data }) => `erased person ${data.person}` },
} satisfies FamilyWords<"person">;
