import { type Figures, share, wordSeconds } from "./figures.ts";
import { filed } from "./request-sections.ts";
import { many } from "./table-words.ts";

/** A figure for readers who read only one screen. */
export type Headline = { readonly label: string; readonly value: string; readonly section: string };

/** Picks the figures for the top of the report, each with the section that explains it. */
export function headlines(figures: Figures): readonly Headline[] {
  const { waits, standing, breakGlass, overdue, chain, counts } = figures;
  const all = filed(figures);
  return [
    { label: "requests filed", value: all.toLocaleString("en"), section: "requests" },
    { label: "approved", value: (counts["request.approved"] ?? 0).toLocaleString("en"), section: "requests" },
    { label: "median time to approve", value: wordSeconds(waits.medianSeconds), section: "time-to-approve" },
    { label: "95 in 100 approved within", value: wordSeconds(waits.p95Seconds), section: "time-to-approve" },
    {
      label: "of grants just in time",
      value: share(standing.justInTime, standing.justInTime + standing.alreadyHeld),
      section: "standing",
    },
    {
      label: breakGlass.total === 1 ? "use of break-glass" : "uses of break-glass",
      value: breakGlass.total.toLocaleString("en"),
      section: "break-glass",
    },
    { label: "revoked late", value: overdue.total.toLocaleString("en"), section: "overdue" },
    {
      label: "hash chain",
      value: chain.verification.faults.length === 0 ? "intact" : "BROKEN",
      section: "chain",
    },
  ];
}

/** What needs attention, the most serious first; empty if all is well. */
export function concerns(figures: Figures): readonly { readonly text: string; readonly section: string }[] {
  const { chain, overdue, breakGlass, ownRequests, flags, counts, madeAt, period } = figures;
  const faults = chain.verification.faults.length;
  const notGone = overdue.rows.filter(({ goneAt }) => goneAt === undefined).length;
  const unreviewed = breakGlass.rows.filter(({ verdict }) => verdict === undefined).length;
  const objected = breakGlass.rows.filter(({ verdict }) => verdict === "object").length;
  const found = counts["drift.found"] ?? 0;
  const all = [
    { count: faults, text: `The hash chain has ${many(faults, "fault")}.`, section: "chain" },
    { count: notGone, text: `${many(notGone, "overdue grant")} not proven gone.`, section: "overdue" },
    {
      count: unreviewed,
      text: `${many(unreviewed, "use")} of break-glass not reviewed.`,
      section: "break-glass",
    },
    {
      count: objected,
      text: `${many(objected, "use")} of break-glass objected to by the reviewer.`,
      section: "break-glass",
    },
    {
      count: ownRequests.total,
      text: `${many(ownRequests.total, "attempt")} to decide one's own request.`,
      section: "refused",
    },
    { count: flags.total, text: `${many(flags.total, "flag")} for unusual behaviour.`, section: "anomalies" },
    { count: found, text: `${many(found, "finding")} of access that nobody gave here.`, section: "drift" },
    {
      count: madeAt < period.until ? 1 : 0,
      text: "The period is not over: what is still to come is missing.",
      section: "requests",
    },
  ];
  return all.flatMap(({ count, text, section }) => (count > 0 ? [{ text, section }] : []));
}
