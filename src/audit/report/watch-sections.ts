import { type DriftType, driftTypes, type Figures, wordSeconds } from "./figures.ts";
import type { Section } from "./section.ts";
import { many, moreThan, wordTime } from "./table-words.ts";

/** Uses of break-glass and their reviews. */
export function breakGlassSection({ breakGlass, period }: Figures): Section {
  const waiting = breakGlass.rows.filter(({ verdict }) => verdict === undefined).length;
  const objected = breakGlass.rows.filter(({ verdict }) => verdict === "object").length;
  return {
    id: "break-glass",
    title: "Break-glass",
    lead:
      breakGlass.total === 0
        ? "Nobody took access without approval."
        : `Access was taken without approval ${breakGlass.total === 1 ? "once" : `${breakGlass.total} times`}; ${waiting} not reviewed yet, ${objected} objected to.`,
    charts: [],
    tables: [
      {
        caption: "Uses of break-glass and their reviews",
        head: ["Request", "When", "Who", "Access", "Risk", "Review", "By", "Note"],
        rows: breakGlass.rows.map((use) => [
          use.request,
          wordTime(use.at, period.timeZone),
          use.requester,
          use.access,
          use.risk,
          `${verdicts[use.verdict ?? ""] ?? "NOT REVIEWED"}${use.wasOverdue ? " (was overdue)" : ""}`,
          use.reviewer ?? "",
          use.note ?? "",
        ]),
        ...moreThan(breakGlass),
      },
    ],
  };
}

const verdicts: Readonly<Record<string, string>> = { accept: "justified", object: "objected to" };

/** Access that was not proven gone within a minute of its end. */
export function overdueSection({ overdue, period }: Figures): Section {
  return {
    id: "overdue",
    title: "Overdue revocations",
    lead:
      overdue.total === 0
        ? "All access was proven gone within a minute of its end."
        : `${many(overdue.total, "grant")} not proven gone within a minute of the end. Hallpass says so, and tries until it is.`,
    charts: [],
    tables: [
      {
        caption: "Access that was proven gone late, or is not gone",
        head: ["Request", "Who", "Access", "Provider", "Late by at least", "Gone"],
        rows: overdue.rows.map((row) => [
          row.request,
          row.requester,
          row.access,
          row.provider,
          wordSeconds(row.lateSeconds),
          row.goneAt ? wordTime(row.goneAt, period.timeZone) : "NOT GONE",
        ]),
        ...moreThan(overdue),
      },
    ],
  };
}

/** Refused attempts to decide a request, above all one's own. */
export function refusedSection({ refusedClicks, ownRequests, period }: Figures): Section {
  const total = refusedClicks.reduce((sum, { count }) => sum + count, 0);
  return {
    id: "refused",
    title: "Refused decisions",
    lead: `${many(total, "attempt")} to decide refused, ${ownRequests.total} of them on one's own request. None had any effect; each is on record.`,
    charts: [],
    tables: [
      {
        caption: "Refused decisions by reason",
        head: ["What the person was told", "Count"],
        rows: refusedClicks.map(({ why, count }) => [why, count]),
      },
      {
        caption: "Attempts to decide one's own request",
        head: ["Request", "When", "Who", "Attempted"],
        rows: ownRequests.rows.map(({ request, at, person, attempted }) => [
          request,
          wordTime(at, period.timeZone),
          person,
          attempted,
        ]),
        ...moreThan(ownRequests),
      },
    ],
  };
}

/** What was flagged as unusual. */
export function anomalySection({ flagKinds, flags, period }: Figures): Section {
  return {
    id: "anomalies",
    title: "Anomalies",
    lead:
      flags.total === 0
        ? "Nothing was flagged as unusual."
        : `${many(flags.total, "flag")} raised on requests and approvals. A flag asks people to look; it decides nothing.`,
    charts: [],
    tables: [
      {
        caption: "Flags by kind",
        head: ["Kind", "Count"],
        rows: flagKinds.map(({ kind, count }) => [kind, count]),
      },
      {
        caption: "What was flagged",
        head: ["Request", "When", "Who", "Kind", "Why"],
        rows: flags.rows.map(({ request, at, person, kind, why }) => [
          request,
          wordTime(at, period.timeZone),
          person,
          kind,
          why,
        ]),
        ...moreThan(flags),
      },
    ],
  };
}

const driftNames: Readonly<Record<DriftType, string>> = {
  "drift.found": "found",
  "drift.adopted": "accepted",
  "drift.removed": "removed",
  "drift.removal_failed": "removal failed",
  "drift.gone": "gone by itself",
  "grant.reappeared": "back after its end",
  "grant.vanished": "taken away early",
  "grant.came_back": "restored",
};

/** Where providers differed from what was granted. */
export function driftSection({ drift, driftFindings, period }: Figures): Section {
  return {
    id: "drift",
    title: "Drift",
    lead:
      drift.length === 0
        ? "No provider was found to hold or to lack other than what was granted."
        : "What providers held and nobody gave here, or lacked and should have held.",
    charts: [],
    tables: [
      {
        caption: "Drift by provider",
        head: ["Provider", ...driftTypes.map((type) => driftNames[type])],
        rows: drift.map((row) => [row.provider, ...driftTypes.map((type) => row[type])]),
      },
      {
        caption: "Access found that nobody gave here",
        head: ["Who, as the provider says", "When", "Provider", "Access", "Made of it"],
        rows: driftFindings.rows.map(({ subject, at, provider, access, outcome }) => [
          subject,
          wordTime(at, period.timeZone),
          provider,
          access,
          outcome,
        ]),
        ...moreThan(driftFindings),
      },
    ],
  };
}

/** What verifying the hash chain found, and the period's place in it. */
export function chainSection({ chain, period }: Figures): Section {
  const { verification, first, last, unsealed } = chain;
  const { verified, checkpoints, head, faults, tombstones, unbound } = verification;
  const retired = tombstones.at(-1);
  const latest = tombstones.reduce((latestAt, { lastAt }) => (lastAt > latestAt ? lastAt : latestAt), "");
  const isMissing = retired !== undefined && Date.parse(latest) >= period.from.getTime();
  const places = first === undefined ? "none" : `${first} to ${last}`;
  return {
    id: "chain",
    title: "Proof of the audit",
    lead: `${
      faults.length === 0
        ? `The whole hash chain was recomputed for this report and is as it was written: ${many(verified, "event")} and ${many(checkpoints, "signed checkpoint")}.`
        : `The hash chain is NOT as it was written. What this report says rests on a log that was changed: ${many(faults.length, "fault")}.`
    }${isMissing ? ` What happened until ${latest} was retired from the audit, and is not in this report.` : ""} The risk of access is what its request's row says, which the chain does not hold.`,
    charts: [],
    tables: [
      {
        caption: "The hash chain",
        head: ["What", "Value"],
        rows: [
          [`events verified, from place ${(retired?.to ?? 0) + 1} on`, verified],
          ...(retired ? [["places retired before", `1 to ${retired.to}`]] : []),
          ["signed checkpoints verified", checkpoints],
          ["last place", head?.sequence ?? "none"],
          ["hash there", head?.hash ?? "none"],
          ["places of this period", places],
          ["events of this period not sealed yet", unsealed],
          ["older events of which it is not proven whom they name", unbound.people],
          ["older events of which it is not proven which AR number their request has", unbound.number],
          ["faults", faults.length],
          ...faults.map((fault, index) => [`fault ${index + 1}`, fault]),
        ],
      },
    ],
  };
}
