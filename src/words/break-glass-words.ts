import type { EventData } from "../domain/audit-event.ts";
import { maxNames, mention, nameList, nameOf } from "./people.ts";
import type { Piece } from "./piece.ts";
import type { FamilyWords } from "./told.ts";

/** Access taken without approval, and its review. */
export const breakGlassWords = {
  "break_glass.used": {
    record: ({ actor, data }) =>
      `${nameOf(actor)} took the access at once, by break-glass, without approval; to be reviewed by ${data.reviewBy} by ${nameList(data.reviewers)}`,
    thread: ({ actor, data }) => ({
      line: [
        "🚨 Access taken by break-glass, without approval, by ",
        mention(actor),
        ". ",
        ...toBeReviewed(data.reviewers, new Date(data.reviewBy)),
      ],
    }),
    requester: ({ data }) => ({
      line: [`${takenAtOnce} `, ...toBeReviewed(data.reviewers, new Date(data.reviewBy))],
    }),
  },
  "break_glass.reviewed": {
    record: ({ actor, data }) =>
      `break-glass reviewed by ${nameOf(actor)} and found ${wordVerdict(data)}: ${data.note}`,
    thread: ({ actor, data }) => ({
      line: [
        `${data.verdict === "accept" ? "☑️" : "🚨"} Break-glass reviewed and found ${wordVerdict(data)} by `,
        mention(actor),
        ":",
      ],
      said: data.note,
    }),
    requester: ({ actor, data }) => ({
      line: [`your use of break-glass was found ${wordVerdict(data)} by `, mention(actor), ":"],
      said: data.note,
    }),
  },
  "break_glass.overdue": {
    record: ({ data }) =>
      `nobody had reviewed this use of break-glass by ${data.reviewBy}: ${nameList(data.reviewers)}`,
    thread: () => ({ line: ["🚨 Nobody has reviewed this use of break-glass yet. It waits for"] }),
  },
} satisfies FamilyWords<"break_glass">;

/** Tells the requester that they took it. */
export const takenAtOnce = "taken by break-glass, without approval. The access is being granted.";

/** Who reviews a use of break-glass, and until when. */
export function toBeReviewed(reviewers: readonly string[], reviewBy: Date): readonly Piece[] {
  return [`To be reviewed by ${reviewers.slice(0, maxNames).join(", ")} until `, reviewBy, "."];
}

/** What a reviewer found the use of break-glass to be. */
export function wordVerdict({ verdict }: Pick<EventData<"break_glass.reviewed">, "verdict">): string {
  return verdict === "accept" ? "justified" : "not justified";
}
