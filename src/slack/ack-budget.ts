import { randomBytes } from "node:crypto";
import { SlackError } from "@slack/web-api";
import type { Logger } from "../logger.ts";
import { PeopleChanged } from "../identity/people.ts";
import { isDatabaseUnavailable } from "../persistence/database/database.ts";
import { wordFault } from "./client/errors.ts";

/** Slack times out an interaction after 3 s; work that takes longer than this is acknowledged first and answered later. */
const ackBudgetMs = 2_000;

/** Returns the work's result if it comes within the acknowledgement budget, else the promise of the unfinished work. */
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

/** Logs an error under a reference and returns the text for the person affected. */
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
