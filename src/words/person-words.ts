import type { EventData } from "../domain/audit-event.ts";
import { nameList, nameOf } from "./people.ts";
import type { FamilyWords } from "./told.ts";

/** Who is who. The alerts channel has those who can correct it. */
export const personWords = {
  "person.joined": {
    record: ({ data }) =>
      `person ${data.other} turned out to be person ${data.person}: both go by ${data.address}${data.requests.length === 0 ? "" : `; one had decided about the other: ${nameList(data.requests)}`}`,
    alerts: ({ data }) => {
      const { person, other, address, slackId } = data;
      const account = slackId === undefined ? "" : ` The account ${slackId} shows it.`;
      return (
        `👥 Person ${person} and person ${other} are the same person from now on, as both go by ${address}.${account}${decided(data)} ` +
        `If they are two people, run \`hallpass people show ${person}\`, then \`hallpass people split ${person}\` with the accounts and addresses of one of them.`
      );
    },
  },
  "person.passed": {
    record: ({ data }) =>
      `${data.address} was that of person ${data.other}, who has left, and is that of person ${data.person}`,
    alerts: ({ data: { person, other, address } }) =>
      `👤 ${address} was person ${other}, who has left, and is person ${person} from now on. What person ${other} did stays theirs.`,
  },
  "person.split": {
    record: ({ actor, data }) =>
      `${nameList(data.names)} became person ${data.other} instead of person ${data.person}, by ${nameOf(actor)} (${data.via})`,
  },
  "person.erased": { record: ({ data }) => `erased person ${data.person}` },
} satisfies FamilyWords<"person">;

/** How many requests a message lists. */
const mostRequests = 20;

function decided({ requests }: EventData<"person.joined">): string {
  if (requests.length === 0) return "";
  const more = requests.length - mostRequests;
  return ` One of them decided about the other: look at ${requests.slice(0, mostRequests).join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}
