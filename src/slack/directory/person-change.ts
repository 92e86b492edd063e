import type { PersonChanged } from "../../persistence/people/identities.ts";

/**
 * Text for the alerts channel when two people turn out to be one, or an address passes to another person; those who can
 * correct it read this.
 */
export function wordPersonChange(event: PersonChanged): string {
  switch (event.type) {
    case "person.joined": {
      const { person, other, address, slackId, requests } = event.data;
      const account = slackId === undefined ? "" : ` The Slack account ${slackId} shows it.`;
      const decided =
        requests.length === 0
          ? ""
          : ` One of them decided about the other: look at ${requests.slice(0, 20).join(", ")}${requests.length > 20 ? ` and ${requests.length - 20} more` : ""}.`;
      return (
        `👥 Person ${person} and person ${other} are the same person from now on, as both go by ${address}.${account}${decided} ` +
        `If they are two people, run \`hallpass people show ${person}\`, then \`hallpass people split ${person}\` with the accounts and addresses of one of them.`
      );
    }
    case "person.passed": {
      const { person, other, address } = event.data;
      return `👤 ${address} was person ${other}, who has left, and is person ${person} from now on. What person ${other} did stays theirs.`;
    }
  }
}
