import type { Figures } from "./figures.ts";
import { termKey } from "../../persistence/requests/term-key.ts";
import type { Period } from "./period.ts";
import { filed } from "./request-sections.ts";
import { many } from "./table-words.ts";

/** What a standard requires, what this report shows of it, and how anybody can check that. */
export type Control = {
  readonly standard: string;
  readonly control: string;
  readonly asks: string;
  readonly shows: string;
  /** The section that shows it, if there is one. */
  readonly section?: string;
  /** A Hallpass command, or SQL on its database. */
  readonly query: string;
};

/** The evidence by control, for whoever judges the controls; it certifies nothing. */
export function controlsOf(figures: Figures): readonly Control[] {
  const { period, counts, approvedBy, breakGlass, overdue, ownRequests, chain, ends, standing } = figures;
  const count = (type: string): number => counts[type] ?? 0;
  const exported = (type: string): string => exportCommand(period, type);
  const proven = ends.reduce((sum, { verified }) => sum + verified, 0);
  const kept = ends.reduce((sum, each) => sum + each.kept, 0);
  const ended = ends.reduce((sum, each) => sum + each.count, 0);
  const drifted = count("drift.found") + count("grant.reappeared");
  const integrity =
    chain.verification.faults.length === 0
      ? `${many(chain.verification.verified, "event")} recomputed without a fault`
      : `${many(chain.verification.faults.length, "fault")} in the hash chain`;
  const places =
    chain.first === undefined
      ? "hallpass audit verify"
      : `hallpass audit verify --from ${chain.first} --to ${chain.last}`;
  const authorised = `${many(filed(figures), "request")} filed; ${approvedBy.people} approved by other people, ${approvedBy.rule} by a rule, ${breakGlass.total} taken by break-glass, ${count("request.denied")} denied, ${count("request.refused")} refused by policy`;
  const removed = `${many(ended, "grant")} ended, ${proven} read back from the provider as gone, ${kept} kept by other access or a right of their own; ${overdue.total} late`;
  const apart = `${many(ownRequests.total, "attempt")} to decide one's own request, all refused`;
  const emergency = `${many(breakGlass.total, "use")} of break-glass, ${many(count("break_glass.reviewed"), "review")}, ${count("break_glass.overdue")} overdue`;
  const foreign = `${many(drifted, "finding")} of access that nobody gave here or that came back, ${count("drift.removed")} removed`;
  return [
    {
      standard: "SOC 2",
      control: "CC6.1",
      asks: "Logical access to protected assets is restricted.",
      shows: `${authorised}. ${foreign}.`,
      section: "requests",
      query: exported("request"),
    },
    {
      standard: "SOC 2",
      control: "CC6.2",
      asks: "Access is authorised before it is given and removed when it is not needed any more.",
      shows: removed,
      section: "standing",
      query: exported("grant"),
    },
    {
      standard: "SOC 2",
      control: "CC6.3",
      asks: "Access follows roles, least privilege and separation of duties.",
      shows: `${many(standing.justInTime, "grant")} for a limited time; ${apart}`,
      section: "refused",
      query: exported("decision.refused"),
    },
    {
      standard: "ISO/IEC 27001:2022",
      control: "A.5.15",
      asks: "Rules to control access are established and implemented.",
      shows: `${many(figures.ruleCount, "rule")} matched requests; the policy was loaded ${count("policy.loaded")} times in the period, each version kept`,
      section: "rules",
      query: exported("policy"),
    },
    {
      standard: "ISO/IEC 27001:2022",
      control: "A.5.16",
      asks: "The life cycle of identities is managed.",
      shows: `${count("person.erased")} erased; access of whoever left ended ${endedBy(figures, "offboarded")} times. Identities themselves are kept in your directory and in Slack`,
      section: "people",
      query: exported("grant.revoked"),
    },
    {
      standard: "ISO/IEC 27001:2022",
      control: "A.5.17",
      asks: "Authentication information is managed.",
      shows:
        "Not evidenced here: people sign in to Slack and to the providers, and Hallpass hands out no passwords",
      query: "none",
    },
    {
      standard: "ISO/IEC 27001:2022",
      control: "A.5.18",
      asks: "Access rights are provisioned, reviewed, modified and removed by the policy.",
      shows: `${authorised}. ${removed}`,
      section: "requests",
      query: sql(period, "type in ('request.approved', 'grant.active', 'grant.revoked')"),
    },
    {
      standard: "ISO/IEC 27001:2022",
      control: "A.8.2",
      asks: "Privileged access rights are restricted and managed.",
      shows: `${highRisk(figures)} grants of high risk; ${emergency}`,
      section: "access",
      query: sqlByRisk(period),
    },
    {
      standard: "HIPAA",
      control: "§164.312(a)(1), (a)(2)(ii)",
      asks: "Only who has been granted access has it; there is a procedure for emergencies.",
      shows: `${authorised}; ${emergency}`,
      section: "break-glass",
      query: exported("break_glass"),
    },
    {
      standard: "HIPAA",
      control: "§164.312(b)",
      asks: "Activity is recorded and can be examined.",
      shows: `${integrity}; the log was exported ${count("audit.exported")} times`,
      section: "chain",
      query: places,
    },
    {
      standard: "SOX, IT general controls",
      control: "Provisioning",
      asks: "Access is approved before it is given, by somebody else.",
      shows: `${authorised}; ${apart}`,
      section: "requests",
      query: exported("request.approved"),
    },
    {
      standard: "SOX, IT general controls",
      control: "Removal",
      asks: "Access is taken away in time.",
      shows: removed,
      section: "overdue",
      query: exported("revocation.overdue"),
    },
    {
      standard: "SOX, IT general controls",
      control: "Monitoring",
      asks: "Access outside of the process is found and followed up.",
      shows: `${foreign}; ${many(figures.flags.total, "anomaly").replace(/anomalys$/, "anomalies")} flagged`,
      section: "drift",
      query: exported("drift"),
    },
    {
      standard: "GDPR",
      control: "Art. 32(1)(b)",
      asks: "Confidentiality and integrity of processing are ensured.",
      shows: `${many(standing.justInTime, "grant")} for a limited time; ${integrity}`,
      section: "chain",
      query: places,
    },
    {
      standard: "GDPR",
      control: "Art. 32(1)(d)",
      asks: "The effectiveness of measures is tested regularly.",
      shows: `${removed}; ${foreign}`,
      section: "drift",
      query: sql(period, "type in ('grant.revoked', 'revocation.overdue', 'drift.found')"),
    },
    {
      standard: "GDPR",
      control: "Art. 32(4)",
      asks: "Whoever has access processes personal data on instruction only.",
      shows: "Each request says why, with a ticket where the rule demands one",
      section: "requests",
      query: exported("request.created"),
    },
  ];
}

/** The command that exports the events of the period, of one kind if given. */
export function exportCommand({ from, until }: Period, type?: string): string {
  const of = type === undefined ? "" : ` --type ${type}`;
  return `hallpass audit export --since ${instant(from)} --until ${instant(until)}${of} --format csv`;
}

function sql({ from, until }: Period, condition: string): string {
  return `select type, count(*) from audit_events where at >= '${instant(from)}' and at < '${instant(until)}' and ${condition} group by type`;
}

function sqlByRisk({ from, until }: Period): string {
  return (
    `select r.terms ->> ${termKey("risk")}, count(*) from audit_events e join access_requests r on r.id = e.request_id where e.at >= '${instant(from)}' ` +
    `and e.at < '${instant(until)}' and e.type = 'grant.active' and e.data ->> 'standing' is distinct from 'true' group by 1`
  );
}

function instant(at: Date): string {
  return at.toISOString().replace(".000Z", "Z");
}

function endedBy({ ends }: Figures, reason: string): number {
  return ends.find((end) => end.reason === reason)?.count ?? 0;
}

function highRisk({ weeksByRisk }: Figures): number {
  return weeksByRisk.reduce((sum, { high }) => sum + high, 0);
}
