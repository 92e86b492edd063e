import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from "@slack/bolt";
import {
  liftDown,
  type LockdownAnswer,
  lockDown,
  lockdownRefusalText,
} from "../../access/lockdown/lockdown.ts";
import { requestName } from "../../domain/request/request.ts";
import { isBlank, storable } from "../../domain/text.ts";
import type { Caller } from "../../identity/caller.ts";
import { listOpenRequests, type OpenRequest } from "../../persistence/requests/live-requests.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { identify, ineligibleText } from "../directory/identify.ts";
import { unescapeSlack } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";
import { formatTime } from "../../words/piece.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";
import { findTarget } from "./lockdown-target.ts";
import { refuseIneligible } from "./ineligible.ts";
import { tellAlone } from "./tell-alone.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

const usage = [
  "/access mine: what you have, and what you wait for",
  "/access lockdown PERSON-or-RESOURCE REASON: ends it all now and refuses what is new (admins)",
  "/access lift PERSON-or-RESOURCE: lifts it again (admins)",
].join("\n");

/** `/access`: lists a person's own access and requests, and sets or lifts lockdowns. */
export async function onAccessCommand(deps: SlackDeps, args: Command): Promise<void> {
  const answer = await withinBudget(answerCommand(deps, args));
  const now = answer.inTime ? answer.value : "This takes longer than usual …";
  await args.ack({ response_type: "ephemeral", text: escapeMrkdwn(now) });
  if (!answer.inTime) await tellAlone(deps, { ...args, slackId: args.command.user_id }, await answer.later);
}

async function answerCommand(deps: SlackDeps, args: Command): Promise<string> {
  const { command } = args;
  try {
    const identity = await identify(deps.directory, deps.workspace, { userId: command.user_id });
    if (!identity.known) {
      const attempt = { slackId: command.user_id, attempted: "access", key: command.trigger_id };
      await refuseIneligible(deps, identity.why, attempt);
      return ineligibleText[identity.why];
    }
    const [, verb = "mine", target = "", reason = ""] =
      /^\s*(\S+)?\s*(\S+)?\s*([\s\S]*)$/u.exec(command.text) ?? [];
    switch (verb.toLowerCase()) {
      case "mine":
        return wordOpen(await listOpenRequests(deps.db, (await deps.people.resolve(identity.person)).id));
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
  { command }: Command,
  by: Caller,
  { verb, target, reason }: { readonly verb: string; readonly target: string; readonly reason: string },
): Promise<string> {
  const found = await findTarget(deps, target);
  if (!found.ok) return `${found.why}\n${usage}`;
  const { locked, doubt } = found;
  const key = command.trigger_id;
  if (verb === "lift") {
    const answer = await liftDown(deps, locked, by, key);
    if (answer.outcome === "refused") return lockdownRefusalText[answer.why];
    if (answer.outcome !== "lifted") return `${locked.value} is not locked down.`;
    deps.alert(`🔓 ${by.email} lifted the lockdown of ${locked.value}.`);
    return `${locked.value} is no longer locked down. What ended stays ended; it can be asked for again.`;
  }
  if (isBlank(reason)) return "Say why: whoever is refused is told this.";
  const lockdown = { ...locked, reason: storable(unescapeSlack(reason).slice(0, 500)) };
  const answer = await lockDown(deps, lockdown, by, key);
  if (answer.outcome === "refused") return lockdownRefusalText[answer.why];
  if (answer.outcome !== "locked") return `${locked.value} is locked down already.`;
  const ends = wordEnded(answer);
  deps.alert(`🚨 ${by.email} locked ${locked.value} down: ${lockdown.reason} (${ends})`);
  const until = `Nothing new is given until an admin writes /access lift ${locked.value}.`;
  return [`${locked.value} is locked down: ${ends}. ${until}`, doubt].filter(Boolean).join("\n");
}

/** Words what a lockdown ended, with counts, so that an admin who mistyped sees that it hit nothing. */
function wordEnded({ ended, approvals }: Extract<LockdownAnswer, { outcome: "locked" }>): string {
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
  const discounted =
    approvals === 0
      ? []
      : [`${count(approvals, "approval")} of theirs ${approvals === 1 ? "does" : "do"} not count any more`];
  return [
    `${count(ended.grants, "grant")} ${ended.grants === 1 ? "is" : "are"} ending`,
    `${count(ended.requests, "request")} ${ended.requests === 1 ? "is" : "are"} closed`,
    ...discounted,
  ].join(", ");
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
