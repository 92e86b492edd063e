import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from "@slack/bolt";
import type { KnownBlock } from "@slack/types";
import { exportAudit } from "../../audit/export/export.ts";
import { type ExportFilters, parseExportFilters, recordedFilters } from "../../audit/export/filters.ts";
import { knowNames } from "../../audit/questions/known-names.ts";
import { withAuditReader } from "../../audit/questions/read-events.ts";
import type { Person } from "../../domain/person.ts";
import { refusalText } from "../../domain/refusal.ts";
import { actorOf } from "../../domain/request/consequences.ts";
import { storable, onTerminalLine } from "../../domain/text.ts";
import { recordEvent } from "../../persistence/audit.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { readLockdowns } from "../../persistence/requests/lockdowns.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { isAuditor } from "../../policy/people.ts";
import type { Policy } from "../../policy/policy.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { identify, ineligibleText } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";
import { sendFile } from "../delivery/send-file.ts";
import { bold } from "../../words/piece.ts";
import { escapeMrkdwn, paragraph, richText } from "../views/rich-text.ts";
import { answerWho, type Said } from "./audit-who.ts";
import { tellAlone } from "./tell-alone.ts";
import { refuseIneligible } from "./ineligible.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

const usage =
  "Write /access-audit who orders-db:write at 2026-03-03, or between 2026-03-01 and 2026-03-31; or /access-audit export, and what you want of it: since 30d, until 2026-03-31, format csv or jsonl, user ADDRESS, resource NAME. For example: /access-audit export since 30d format csv user alice@example.com";

/** `/access-audit`, for auditors only: `who` is answered at once, an export arrives as a file by direct message. */
export async function onAuditCommand(deps: SlackDeps, args: Command): Promise<void> {
  const { ack, command } = args;
  const answer = await withinBudget(begin(deps, args));
  const inBlocks = ({ text, lines = [] }: Said): KnownBlock[] =>
    lines.length === 0 ? [] : [richText(paragraph(bold(text)), ...lines.map((line) => paragraph(line)))];
  const now = answer.inTime ? answer.value : { text: "Looking this up takes longer than usual …" };
  const blocks = inBlocks(now);
  await ack({
    response_type: "ephemeral",
    text: escapeMrkdwn(now.text),
    ...(blocks.length > 0 && { blocks }),
  });
  const begun = answer.inTime ? answer.value : await answer.later;
  if (!answer.inTime)
    await tellAlone(deps, { ...args, slackId: command.user_id }, begun.text, inBlocks(begun));
  await begun.deliver?.();
}

/** `deliver` sends what was asked for, or tells the person why it cannot. */
type Begun = Said & { readonly deliver?: () => Promise<void> };

async function begin(deps: SlackDeps, args: Command): Promise<Begun> {
  const { command } = args;
  try {
    const identity = await identify(deps.directory, deps.workspace, { userId: command.user_id });
    if (!identity.known) {
      const attempt = { slackId: command.user_id, attempted: "audit", key: command.trigger_id };
      await refuseIneligible(deps, identity.why, attempt);
      return { text: ineligibleText[identity.why] };
    }
    const person = await deps.people.resolve(identity.person);
    const now = await readNow(deps.db, deps.clock);
    const policy = deps.policy();
    const why = await whyNot(deps, policy, person);
    if (why !== undefined) {
      await recordEvent(
        deps.db,
        {
          type: "audit.refused",
          at: now,
          actor: actorOf(person),
          data: { attempted: storable(command.text), why },
        },
        { dedupeKey: `audit ${command.trigger_id}` },
      );
      return { text: why };
    }
    const [verb = "", ...words] = command.text.trim().split(/\s+/u);
    if (verb.toLowerCase() === "who")
      return await answerWho(deps, person, words, { now, key: command.trigger_id });
    if (verb.toLowerCase() !== "export") return { text: usage };
    const parsed = parseExportFilters(words, now);
    if (!parsed.ok) return { text: parsed.fault };
    const { filters } = parsed;
    const unknown = await unknownFilter(deps, filters);
    if (unknown !== undefined) return { text: unknown };
    if (deps.exports.isSending(person.id))
      return { text: "An export of yours is being sent; ask for another when it has come." };
    const isNew = await recordEvent(
      deps.db,
      {
        type: "audit.exported",
        at: now,
        actor: actorOf(person),
        data: { format: filters.format, filters: { ...recordedFilters(filters) }, via: "slack" },
      },
      { dedupeKey: `audit ${command.trigger_id}` },
    );
    const text = "Collecting the audit; it comes as a file by direct message.";
    // Slack redelivers a command when it thinks that the first was lost.
    if (!isNew) return { text };
    const deliver = (): Promise<void> =>
      deps.exports.run(person.id, (stopped) =>
        deliverOnRecord(deps, args, { person, filters, now, stopped }),
      );
    return { text, deliver };
  } catch (error) {
    return { text: faultText(deps.log, error, "reading the audit") };
  }
}

type Export = {
  readonly person: Person;
  readonly filters: ExportFilters;
  readonly now: Date;
  readonly stopped: Promise<"stopped">;
};

/** Sends an export; a failure is recorded in the audit and told to the person. */
async function deliverOnRecord(deps: SlackDeps, args: Command, asked: Export): Promise<void> {
  let why: string;
  let text: string | undefined;
  try {
    const sent = await Promise.race([collectAndSend(deps, asked), asked.stopped]);
    if (sent === undefined) return;
    why = sent === "stopped" ? "Hallpass was stopped meanwhile; it may have come all the same" : sent;
  } catch (error) {
    text = faultText(deps.log, error, "exporting the audit");
    why = "a fault in Hallpass, which its log has";
  }
  deps.log.warn({ why }, "an export of the audit could not be sent");
  text ??= `The export could not be sent: ${why}. \`hallpass audit export\` writes it to a file.`;
  try {
    await recordEvent(
      deps.db,
      {
        type: "audit.export_failed",
        at: await readNow(deps.db, deps.clock),
        actor: actorOf(asked.person),
        data: { why },
      },
      { dedupeKey: `audit ${args.command.trigger_id} failed` },
    );
  } finally {
    await tellAlone(deps, { ...args, slackId: args.command.user_id }, text);
  }
}

/** Why somebody may not read the audit. */
async function whyNot(deps: SlackDeps, policy: Policy, person: Person): Promise<string | undefined> {
  const memberships = await deps.groups.read(policy.outsideGroups);
  // Checked last, because asking for groups may take a while.
  if (isLockedDown(await readLockdowns(deps.db), person)) return refusalText.locked_down;
  return isAuditor(policy, memberships, person.email)
    ? undefined
    : "Only auditors may read the audit. The policy names them under settings.auditors.";
}

/** Why a filter can find nothing: it names something that never existed. */
async function unknownFilter(
  { databaseUrl }: SlackDeps,
  { resource, rule, user }: ExportFilters,
): Promise<string | undefined> {
  if ([resource, rule, user].every((each) => each === undefined)) return undefined;
  const knowledge = await withAuditReader({ databaseUrl }, (reader) =>
    knowNames(reader, { resource, rule, user }),
  );
  return knowledge.known ? undefined : onTerminalLine(knowledge.why);
}

/** A larger export takes longer to send than Slack and people wait. All of it is in memory, so that nothing of it is left on a disk. */
const maxExportBytes = 50 * 1024 * 1024;

/** Sends an export by direct message; returns why it could not, in words. */
async function collectAndSend(
  deps: SlackDeps,
  { person, filters, now }: Export,
): Promise<string | undefined> {
  const name = `audit-${now.toISOString().slice(0, 19).replaceAll(":", "")}.${filters.format}`;
  const exported = exportAudit({ databaseUrl: deps.databaseUrl, key: await deps.auditKey() }, filters);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of exported.stream) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > maxExportBytes)
      return `it has more than ${maxExportBytes / 1024 / 1024} MB, which is the most that is sent; ask for a shorter time or fewer people`;
    chunks.push(piece);
  }
  const comment = `The audit: ${exported.rows()} events.`;
  const file = { name, comment, content: Buffer.concat(chunks) };
  return sendFile(deps.uploads, person.account ?? "", file, () => whyNotAnyMore(deps, person));
}

/** Checks again after collecting: the person may have been locked down, have left, or been merged with somebody locked down. */
async function whyNotAnyMore(deps: SlackDeps, { account }: Person): Promise<string | undefined> {
  const stands = await deps.lookUp(account ?? "");
  if (stands.is !== "here") return stands.why;
  return whyNot(deps, deps.policy(), await deps.people.resolve(stands.caller));
}
