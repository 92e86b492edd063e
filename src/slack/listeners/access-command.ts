import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from "@slack/bolt";
import { liftDown, type LockdownAnswer, lockDown } from "../../access/lockdown.ts";
import type { Person } from "../../domain/person.ts";
import { requestName } from "../../domain/request.ts";
import { isBlank, storable } from "../../domain/text.ts";
import { listOpenRequests, type OpenRequest } from "../../persistence/live-requests.ts";
import type { Lockdown } from "../../policy/lockdown.ts";
import { isEmail, normalEmail } from "../../policy/principal.ts";
import { faultText, withinBudget } from "../answer.ts";
import { identify, nobodyText } from "../authority.ts";
import { unescapeSlack } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";
import { tellAlerts } from "../tell-alerts.ts";
import { escapeMrkdwn, formatTime } from "../views/rich-text.ts";
import { refuseNobody } from "./nobody.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

const usage = [
  "/access mine: what you have, and what you wait for",
  "/access lockdown PERSON-or-RESOURCE REASON: ends it all now and refuses what is new (admins)",
  "/access lift PERSON-or-RESOURCE: lifts it again (admins)",
].join("\n");

/** `/access`: what is one's own, and lockdowns. */
export async function onAccessCommand(deps: SlackDeps, args: Command): Promise<void> {
  const answer = await withinBudget(answerCommand(deps, args));
  const say = (text: string) => ({ response_type: "ephemeral", text: escapeMrkdwn(text) }) as const;
  await args.ack(say(answer.inTime ? answer.value : "This takes longer than usual …"));
  if (!answer.inTime) await args.respond(say(await answer.later));
}

async function answerCommand(deps: SlackDeps, args: Command): Promise<string> {
  const { command } = args;
  try {
    const identity = await identify(deps.directory, deps.workspace, {
      userId: command.user_id,
      teamId: command.team_id,
    });
    if (!identity.known) {
      const attempt = { slackId: command.user_id, attempted: "access", key: command.trigger_id };
      await refuseNobody(deps, identity.why, attempt);
      return nobodyText[identity.why];
    }
    const [, verb = "mine", target = "", reason = ""] =
      /^\s*(\S+)?\s*(\S+)?\s*([\s\S]*)$/u.exec(command.text) ?? [];
    switch (verb.toLowerCase()) {
      case "mine":
        return wordOpen(await listOpenRequests(deps.db, identity.person.email));
      case "lockdown":
      case "lift":
        return await lock(deps, args, identity.person, { verb: verb.toLowerCase(), target, reason });
      default:
        return usage;
    }
  } catch (error) {
    return faultText(deps.log, error, "answering /access");
  }
}

async function lock(
  deps: SlackDeps,
  { client, command }: Command,
  by: Person,
  { verb, target, reason }: { readonly verb: string; readonly target: string; readonly reason: string },
): Promise<string> {
  const found = await targetOf(deps, target);
  if (!found) return `Expected a person (@name or e-mail address) or a resource, got “${target}”.\n${usage}`;
  const key = command.trigger_id;
  const isLift = verb === "lift";
  if (!isLift && isBlank(reason)) return "Say why: whoever is refused is told this.";
  const lockdown: Lockdown = { ...found, reason: storable(unescapeSlack(reason).slice(0, 500)) };
  const answer = isLift ? await liftDown(deps, found, by, key) : await lockDown(deps, lockdown, by, key);
  const text = wordAnswer(answer, found.value, isLift);
  if (answer === "done") {
    const told = isLift
      ? `🔓 ${by.email} lifted the lockdown of ${found.value}.`
      : `🚨 ${by.email} locked ${found.value} down: ${lockdown.reason}`;
    tellAlerts({ client, directory: deps.directory, log: deps.log }, deps.policy().settings.alerts, told);
  }
  return text;
}

/** Slack writes a mention as `<@U0ALICE|alice>`. */
async function targetOf(
  deps: SlackDeps,
  target: string,
): Promise<Pick<Lockdown, "kind" | "value"> | undefined> {
  const slackId = /^<@([A-Z0-9]+)(?:\|[^>]*)?>$/.exec(target)?.[1];
  const email = slackId === undefined ? target : (await deps.directory.account(slackId))?.email;
  // A link is what Slack makes of an address: <mailto:alice@example.com|alice@example.com>.
  const address = /^<mailto:([^|>]+)/.exec(email ?? "")?.[1] ?? email ?? "";
  if (isEmail(address)) return { kind: "person", value: normalEmail(address) };
  return deps.policy().resources.has(target) ? { kind: "resource", value: target } : undefined;
}

function wordAnswer(answer: LockdownAnswer, value: string, isLift: boolean): string {
  switch (answer) {
    case "done":
      return isLift
        ? `${value} is no longer locked down. What ended stays ended; it can be asked for again.`
        : `${value} is locked down: what was open is ending now, and nothing new is given until you write /access lift ${value}.`;
    case "already":
      return isLift ? `${value} is not locked down.` : `${value} is locked down already.`;
    case "not_admin":
      return "Only admins may lock down. The policy names them under settings.admins.";
  }
}

function wordOpen(requests: readonly OpenRequest[]): string {
  if (requests.length === 0)
    return "You have no access now, and wait for none. /request-access asks for some.";
  return requests
    .map(({ number, resource, role, status, expiresAt }) => {
      const state = expiresAt
        ? `until ${formatTime(expiresAt)}`
        : status === "pending"
          ? "waits for approval"
          : "is being granted or waits to be started";
      return `${requestName({ number })} ${resource}:${role} ${state}`;
    })
    .join("\n");
}
