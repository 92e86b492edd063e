import { visibly, shorten } from "../domain/text.ts";
import type { UntoldFinding } from "../persistence/drift/findings.ts";
import { code, type Line } from "../words/piece.ts";
import type { Message } from "./message.ts";

/** `hallpass grants drift` lists the rest: a first look at an old server must not flood the channel. */
const mostListed = 15;

/** Reports access that nobody gave through Hallpass, and what was done about it. */
export function driftMessage(findings: readonly UntoldFinding[]): Message {
  const shown = findings.slice(0, mostListed).map(findingLine);
  const left = findings.length - shown.length;
  const more: readonly Line[] =
    left > 0 ? [[`... and ${left} more; `, code("hallpass grants drift"), " lists them all."]] : [];
  const providers = [...new Set(findings.map(({ provider }) => provider))].join(", ");
  const heading = `🕵️ Access in ${providers} that Hallpass never gave:`;
  return {
    summary: [`Access in ${providers} that Hallpass never gave: ${findings.length} found`],
    sections: [{ lines: [[heading], ...shown, ...more] }],
    actions: [],
  };
}

function findingLine({ subject, people, access, firstSeenAt, ...became }: UntoldFinding): Line {
  const who = people.length === 0 ? "" : ` (${shorten(people.join(" or "), 150)})`;
  const what = shorten(access.join(", "), 200);
  return [
    "• ",
    code(visibly(subject)),
    `${who} has `,
    code(what),
    ", seen since ",
    firstSeenAt,
    `. ${outcomeWords(became)}`,
  ];
}

function outcomeWords({ outcome, detail }: Pick<UntoldFinding, "outcome" | "detail">): string {
  switch (outcome) {
    case "removed":
      return "Taken away, and verified gone.";
    case "failing":
    case "removing":
      return `It could not be taken away yet, and is tried again: ${shorten(detail ?? "no words", 200)}.`;
    case "spared":
      return `It was not taken away: ${shorten(detail ?? "no words", 200)}.`;
    case "reported":
    case "ignored":
    case "adopted":
      return "It was left as it is.";
  }
}
