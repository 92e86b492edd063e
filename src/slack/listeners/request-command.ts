import { shorten } from "../../domain/text.ts";
import type { AllMiddlewareArgs, SlackCommandMiddlewareArgs } from "@slack/bolt";
import { type AccessAnswer, requestAccess } from "../../access/requests/request-access.ts";
import { formatDuration } from "../../domain/duration.ts";
import { requestName } from "../../domain/request/request.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { identify, ineligibleText } from "../directory/identify.ts";
import { spelled } from "../../policy/language/nearest.ts";
import { howToBreakGlass, mentionsBreakGlass, parseCommandText } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";
import { accessTitle } from "../../notify/approval-message.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";
import { refuseIneligible } from "./ineligible.ts";
import { tellAlone } from "./tell-alone.ts";
import { openForm, showForm } from "./request-form.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** `/request-access`: opens the form, or files the request that follows as text. */
export async function onRequestCommand(deps: SlackDeps, args: Command): Promise<void> {
  if (args.command.text.trim() === "") return openForm(deps, args);
  const answer = await withinBudget(answerCommand(deps, args));
  if (answer.inTime) {
    await args.ack({ response_type: "ephemeral", text: escapeMrkdwn(answer.value) });
    return;
  }
  await args.ack({ response_type: "ephemeral", text: "Recording your request takes longer than usual …" });
  await tellAlone(deps, { ...args, slackId: args.command.user_id }, await answer.later);
}

async function answerCommand(deps: SlackDeps, args: Command): Promise<string> {
  const { command } = args;
  try {
    const identity = await identify(deps.directory, deps.workspace, { userId: command.user_id });
    if (!identity.known) {
      await refuseIneligible(deps, identity.why, {
        slackId: command.user_id,
        attempted: "request",
        key: command.trigger_id,
      });
      return ineligibleText[identity.why];
    }
    const parsed = parseCommandText(command.text);
    if (!parsed.ok) return parsed.why;
    const { resources } = deps.policy();
    const resource = spelled(parsed.resource, resources.keys());
    const role = spelled(parsed.role, resources.get(resource)?.roles.keys() ?? []);
    const { durationSeconds, reason, ticket, isBreakGlass } = parsed;
    const answer = await requestAccess(deps, {
      resource,
      role,
      durationSeconds,
      reason,
      ...(ticket === undefined ? {} : { ticket }),
      isBreakGlass,
      requester: identity.person,
      source: "slack",
      dedupeKey: `command ${command.team_id} ${command.trigger_id}`,
    });
    if (answer.outcome === "mistaken" && answer.refusals.every(({ kind }) => kind === "input_unfit")) {
      const typed = { durationSeconds, reason, ticket };
      await deps.attend(() => showForm(deps, args, { resource, role, typed }));
      return `${answer.why} Type it into the form that has opened; the rest is filled in.`;
    }
    return [wordAnswer(answer), ...hints(answer)].join(" ");
  } catch (error) {
    return faultText(deps.log, error, "filing a request");
  }
}

/** Hints about a pending request that may have been meant as break-glass. */
function hints(answer: AccessAnswer): readonly string[] {
  if (answer.outcome !== "filed" || answer.request.status !== "pending") return [];
  const { request } = answer;
  return mentionsBreakGlass(request.reason) ? [`Nothing was taken yet. ${howToBreakGlass(request)}.`] : [];
}

function named(emails: readonly string[]): string {
  const more = emails.length > 5 ? ` and ${emails.length - 5} more` : "";
  return `${emails.slice(0, 5).join(", ")}${more}`;
}

/** Text for a request that is identical to a pending one. */
export function wordWaiting(earlier: { readonly number: number }): string {
  return `${requestName(earlier)} already waits for approval: it asks for the same, for as long and for the same reason. Nothing else was filed.`;
}

/** Words the outcome of a request for the requester. */
export function wordAnswer(answer: AccessAnswer): string {
  switch (answer.outcome) {
    case "filed": {
      const { request } = answer;
      const what = `${accessTitle(request)} for ${formatDuration(request.durationSeconds)}`;
      const { steps, breakGlass, channel, extends: extended } = request.terms;
      const ticket = request.ticket === undefined ? "" : ` Ticket: ${shorten(request.ticket, 100)}.`;
      if (extended && steps.length === 0)
        return `${requestName(request)}: ${requestName(extended)} lasts ${formatDuration(request.durationSeconds)} longer.`;
      if (breakGlass)
        return `${requestName(request)}: ${what} is being granted without approval. It is said in ${request.terms.alerts} and reviewed by ${named(breakGlass.reviewers)}.${ticket}`;
      if (steps.length === 0)
        return `${requestName(request)}: ${what} is allowed at once and is being granted.${ticket}`;
      const needed = steps.map(({ count, approvers }) => `${count} of ${named(approvers)}`).join(", then ");
      return `${requestName(request)}: you asked for ${what}. ${needed} must approve it in ${channel}.${ticket}`;
    }
    case "repeated":
      return `${requestName(answer)} is recorded.`;
    case "waits_already":
      return wordWaiting(answer);
    case "refused":
      return `${answer.why} (Recorded as ${requestName(answer)}.)`;
    case "mistaken":
      return answer.why;
  }
}
