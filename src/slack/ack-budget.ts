import { randomBytes } from "node:crypto";
import { SlackError } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { PeopleChanged } from "../identity/people.ts";
import { isDatabaseUnavailable } from "../persistence/database.ts";
import { wordFault } from "./slack-errors.ts";

/** Slack gives up on an interaction after 3 s; what takes longer than this is acknowledged and answered later. */
const ackBudgetMs = 2_000;

/** The work's result if it came within the acknowledgement budget; else the work still going on. */
export async function withinBudget<T>(
  work: Promise<T>,
  budgetMs = ackBudgetMs,
): Promise<
  { readonly inTime: true; readonly value: T } | { readonly inTime: false; readonly later: Promise<T> }
> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), budgetMs);
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), late]);
    return first === "late" ? { inTime: false, later: work } : { inTime: true, value: first.value };
  } finally {
    clearTimeout(timer);
  }
}

/** Logs a fault under a reference and words it for the person who met it. */
export function faultText(log: Logger, error: unknown, doing: string): string {
  const reference = randomBytes(4).toString("hex");
  if (error instanceof PeopleChanged) {
    log.info({ doing }, "an interaction met a change of who is who");
    return "It has just turned out that you are known here by another name too, so this was not done. Please try again.";
  }
  if (error instanceof SlackError) {
    log.warn({ why: wordFault(error), reference, doing }, "Slack kept an interaction from being answered");
    return `Slack did not do its part, so this was not done. Please try again in a minute. (Reference ${reference}.)`;
  }
  log.error({ err: error, reference, doing }, "an interaction failed");
  return isDatabaseUnavailable(error)
    ? `Hallpass cannot reach its database, so this could not be recorded. Please try again in a minute. (Reference ${reference}.)`
    : `Something went wrong in Hallpass and this was not done. Please try again, and if it happens again, tell whoever runs Hallpass this reference: ${reference}.`;
}
