import type { ViewSubmitAction } from "@slack/bolt";
import { approversNow, decideRequest } from "../../access/requests/decide-request.ts";
import { authorityOver, readToday } from "../../access/requests/read-facts.ts";
import { mayDecide } from "../../domain/request/transitions.ts";
import { refusalText, type Refusal } from "../../domain/refusal.ts";
import { type AccessRequest, requestName } from "../../domain/request/request.ts";
import { isBlank } from "../../domain/text.ts";
import { isLockedDown } from "../../policy/lockdown.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { clickerOf, identify, ineligibleText } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";
import { denyForm, denyReasonBlockId } from "../views/deny-form.ts";
import { inputActionId } from "../views/request-form.ts";
import { type Click, RequestId, type Submission, tellClicker, whoClicked, answerForm } from "./click.ts";
import { refuseIneligible } from "./ineligible.ts";
import { openView } from "./open-view.ts";
import { refuseAttempt } from "../../access/requests/refuse-attempt.ts";

/** Approve was pressed: acknowledges once the decision is recorded, or before Slack's timeout. */
export async function onApprove(deps: SlackDeps, args: Click): Promise<void> {
  const answer = await withinBudget(approve(deps, args));
  await args.ack();
  await tellClicker(deps, args, answer.inTime ? answer.value : await answer.later);
}

/** Deny was pressed: asks for the reason if the person may deny. */
export async function onDeny(deps: SlackDeps, args: Click): Promise<void> {
  // The trigger expires after 3 s and opening the form is one more call to Slack, so acknowledge first.
  await args.ack();
  await tellClicker(deps, args, await deps.attend(() => askWhy(deps, args)));
}

/** Approves a request. Returns what to tell the person; nothing on success, because the message itself shows it. */
async function approve(deps: SlackDeps, args: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, args, "approve");
    if (!clicked.known) return clicked.why;
    const { requestId, person, key } = clicked;
    const answer = await decideRequest(deps, { requestId, by: person, verdict: { type: "approve" }, key });
    return answer.decided ? undefined : wordRefusal(answer.refusal, answer.state.request, answer);
  } catch (error) {
    return faultText(deps.log, error, "approving a request");
  }
}

async function askWhy(deps: SlackDeps, args: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, args, "deny");
    if (!clicked.known) return clicked.why;
    const { requestId, key } = clicked;
    const person = await deps.people.resolve(clicked.person);
    const read = await readState(deps.db, deps.clock, requestId);
    if (!read) return "This request does not exist.";
    const { request } = read.state;
    const policy = deps.policy();
    const today = await readToday(deps, policy, request);
    const authority = authorityOver(policy, request, today, read.now);
    const asked = {
      type: "deny",
      by: person,
      isLockedDown: isLockedDown(today.facts.lockdowns, person),
      ...(authority && { authority }),
    } as const;
    const { refusal } = mayDecide(request, asked, read.now);
    if (refusal) {
      await refuseAttempt(deps, { ...read, refusal }, { by: person, attempted: "deny", key });
      return wordRefusal(refusal, request, { approvers: approversNow(authority, request) });
    }
    await openView(args.client, args.body.trigger_id, denyForm(request));
    return undefined;
  } catch (error) {
    return faultText(deps.log, error, "opening the form to deny a request");
  }
}

/** The reason for a denial was submitted: checks again whether this person may deny. */
export async function onDenyReason(deps: SlackDeps, args: Submission): Promise<void> {
  await answerForm(deps, args, denyReasonBlockId, deny(deps, args.body));
}

async function deny(deps: SlackDeps, body: ViewSubmitAction): Promise<string | undefined> {
  try {
    const reason = body.view.state.values[denyReasonBlockId]?.[inputActionId]?.value?.trim() ?? "";
    if (isBlank(reason)) return "Say why: the person who asked is told this.";
    const requestId = RequestId.parse(body.view.private_metadata);
    const key = `deny ${body.view.id}`;
    const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
    if (!identity.known) {
      await refuseIneligible(deps, identity.why, { slackId: body.user.id, attempted: "deny", key });
      return ineligibleText[identity.why];
    }
    const verdict = { type: "deny", reason } as const;
    const answer = await decideRequest(deps, { requestId, by: identity.person, verdict, key });
    return answer.decided ? undefined : wordRefusal(answer.refusal, answer.state.request, answer);
  } catch (error) {
    return faultText(deps.log, error, "denying a request");
  }
}

function wordRefusal(
  refusal: Refusal,
  request: AccessRequest,
  { approvers, why }: { readonly approvers: readonly string[]; readonly why?: string },
): string {
  const text = `${requestName(request)}: ${refusalText[refusal]}`;
  if (why !== undefined) return `${text} They would be told: ${why}`;
  if (refusal !== "not_approver" || approvers.length === 0) return text;
  return `${text} These may: ${approvers.slice(0, 10).join(", ")}.`;
}
