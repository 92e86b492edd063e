import { formatDuration, parseDuration } from "../../domain/duration.ts";
import type { Ask, Facts } from "../../policy/decide/ask.ts";
import { evaluate } from "../../policy/decide/evaluate.ts";
import { wordFault } from "../../policy/language/fault.ts";
import { noHistory } from "../../policy/decide/history.ts";
import { type LoadedPolicy, loadPolicy } from "../../policy/language/load.ts";
import { readMoment, wordMoment } from "../../policy/moment.ts";
import { supposedGrants } from "../../policy/decide/past-grants.ts";
import type { Policy } from "../../policy/policy.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import { traceRules } from "../../policy/explain/trace.ts";
import { providerTypes } from "../../providers/registry.ts";
import { CommandError } from "../failure.ts";
import { wordTraces, wordVerdict } from "./explain-words.ts";
import { readMembers } from "./groups.ts";
import { readSettings } from "../settings.ts";

export type ExplainOptions = {
  readonly as: string;
  readonly for: string;
  readonly reason: string;
  readonly at?: string;
  readonly ticket?: string;
  readonly ip?: string;
  readonly breakGlass?: boolean;
  /** `NAME=EMAIL,EMAIL` */
  readonly group: readonly string[];
  /** `RESOURCE:ROLE` */
  readonly holds: readonly string[];
  readonly version?: string;
  readonly file?: string;
};

/**
 * `hallpass policy explain`: prints how each rule applies to a request, then the verdict and who can approve. Nothing
 * is filed. Resolves with the exit code: 0 whatever the verdict, 1 for a policy with errors.
 */
export async function policyExplain(access: string, options: ExplainOptions): Promise<number> {
  const asked = readAsked(access, options);
  const loaded = await load(options);
  if (!loaded.ok) {
    process.stdout.write(loaded.faults.map((fault) => `${wordFault(fault)}\n`).join(""));
    return 1;
  }
  const { policy } = loaded;
  const ask: Ask = { ...asked, now: momentIn(policy, options.at) };
  const { memberships, notes } = await readMembers(policy, options.group, {
    isNow: options.at === undefined,
  });
  const facts: Facts = {
    memberships,
    history: {
      ...noHistory,
      grants: supposedGrants(policy, memberships, ask, options.holds.map(checkAccess)),
    },
  };
  const lines = [
    ...wordAsk(policy, ask),
    ...notes,
    ...(policy.usesHistory ? [wordHistory(options.holds)] : []),
    "",
    ...wordTraces(traceRules(policy, ask, facts)),
    "",
    ...wordVerdict(policy, ask, facts, evaluate(policy, ask, facts)),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

async function load({ version, file }: ExplainOptions): Promise<LoadedPolicy> {
  if (version === undefined) return loadPolicy(file ?? readSettings().policyPath, { providerTypes });
  if (file !== undefined) throw new CommandError("--version and --file name two policies; give one of them");
  // Imported only when needed, because Prisma takes a moment to load.
  return (await import("./version.ts")).loadVersion(version);
}

function readAsked(access: string, options: ExplainOptions): Omit<Ask, "now"> {
  const [resource = "", role = ""] = checkAccess(access).split(":");
  if (!isEmail(options.as)) throw new CommandError(`--as: expected an e-mail address, got "${options.as}"`);
  const durationSeconds = parseDuration(options.for);
  if (durationSeconds === undefined)
    throw new CommandError(`--for: expected a duration such as 30m, 2h or 1h30m, got "${options.for}"`);
  const { reason, ticket, ip, breakGlass: isBreakGlass } = options;
  const requester = { email: normalEmail(options.as) };
  // People ask in Slack; only the API tells where a request came from.
  const source = ip === undefined ? "slack" : "api";
  return { requester, resource, role, durationSeconds, reason, ticket, source, ip, isBreakGlass };
}

function checkAccess(access: string): string {
  if (/^[^:\s]+:[^:\s]+$/.test(access)) return access;
  throw new CommandError(`expected RESOURCE:ROLE, such as orders-db:read, got "${access}"`);
}

function momentIn({ settings: { timezone } }: Policy, at: string | undefined): Date {
  if (at === undefined) return new Date();
  const read = readMoment(at, timezone);
  if (!read.ok) throw new CommandError(`--at: ${read.message}, got "${at}"`);
  return read.at;
}

function wordAsk(policy: Policy, ask: Ask): readonly string[] {
  const { requester, resource, role, durationSeconds, now, ticket, ip, isBreakGlass } = ask;
  const how = [
    `for ${formatDuration(durationSeconds)}`,
    ...(ticket === undefined ? [] : [`with ticket ${ticket}`]),
    ...(ip === undefined ? [] : [`by the API from ${ip}`]),
    ...(isBreakGlass === true ? ["to be taken at once (break-glass)"] : []),
  ].join(", ");
  return [
    `${requester.email} asks for ${resource}:${role} ${how}.`,
    `It is ${wordMoment(now, policy.settings.timezone)}.`,
  ];
}

function wordHistory(holds: readonly string[]): string {
  const held = holds.length === 0 ? "nothing (--holds RESOURCE:ROLE)" : holds.join(", ");
  return `Some answers depend on the past: taken to hold ${held}, and to have held and been denied nothing before.`;
}
