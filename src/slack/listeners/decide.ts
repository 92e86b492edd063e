import type {
  AllMiddlewareArgs,
  BlockAction,
  ButtonAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from "@slack/bolt";
import { z } from "zod";
import { authorityOver, decideRequest, refuseDecision } from "../../access/decide-request.ts";
import { mayDecide } from "../../domain/request-transitions.ts";
import type { Person } from "../../domain/person.ts";
import { refusalText, type Refusal } from "../../domain/refusal.ts";
import { type AccessRequest, requestName } from "../../domain/request.ts";
import { isBlank } from "../../domain/text.ts";
import { readState } from "../../persistence/requests.ts";
import { faultText, withinBudget } from "../answer.ts";
import { clickerOf, identify, nobodyText } from "../authority.ts";
import type { SlackDeps } from "../deps.ts";
import { denyForm, denyReasonBlockId } from "../views/deny-form.ts";
import { inputActionId } from "../views/request-form.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";
import { refuseNobody } from "./nobody.ts";

type Click = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/** Approve was pressed: acknowledged once the decision is recorded, or before Slack's patience ends. */
export async function onApprove(deps: SlackDeps, args: Click): Promise<void> {
  const answer = await withinBudget(approve(deps, args));
  await args.ack();
  await tellClicker(args, answer.inTime ? answer.value : await answer.later);
}

/** Deny was pressed: whoever may deny is asked for the reason. */
export async function onDeny(deps: SlackDeps, args: Click): Promise<void> {
  // The trigger lasts 3 s and opening the form is one more call to Slack, so nothing waits for it.
  await args.ack();
  await tellClicker(args, await askWhy(deps, args));
}

async function tellClicker({ respond }: Click, refused: string | undefined): Promise<void> {
  if (refused === undefined) return;
  await respond({ response_type: "ephemeral", replace_original: false, text: escapeMrkdwn(refused) });
}

/** What to tell the person who pressed; nothing when all went well, for the message itself then says so. */
async function approve(deps: SlackDeps, { action, body }: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, action, body, "approve");
    if (!clicked.known) return clicked.why;
    const { requestId, person, key } = clicked;
    const answer = await decideRequest(deps, { requestId, by: person, verdict: { type: "approve" }, key });
    return answer.decided ? undefined : wordRefusal(answer.refusal, answer.state.request, answer.approvers);
  } catch (error) {
    return faultText(deps.log, error, "approving a request");
  }
}

async function askWhy(deps: SlackDeps, { action, body, client }: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, action, body, "deny");
    if (!clicked.known) return clicked.why;
    const { requestId, person, key } = clicked;
    const read = await readState(deps.db, deps.clock, requestId);
    if (!read) return "This request does not exist.";
    const { request } = read.state;
    const authority = authorityOver(deps.policy(), request, read.now);
    const { refusal } = mayDecide(request, { by: person, ...(authority && { authority }) }, read.now);
    if (refusal) {
      await refuseDecision(deps, { request, by: person, attempted: "deny", refusal, key, now: read.now });
      return wordRefusal(refusal, request, authority?.approvers ?? []);
    }
    await client.views.open({ trigger_id: body.trigger_id, view: denyForm(request) });
    return undefined;
  } catch (error) {
    return faultText(deps.log, error, "opening the form to deny a request");
  }
}

type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** The reason for a denial was given: whether this person may deny is asked again. */
export async function onDenyReason(deps: SlackDeps, { ack, body, client }: Submission): Promise<void> {
  const answer = await withinBudget(deny(deps, body));
  if (answer.inTime) {
    if (answer.value === undefined) await ack();
    else await ack({ response_action: "errors", errors: { [denyReasonBlockId]: answer.value } });
    return;
  }
  await ack();
  const refused = await answer.later;
  if (refused !== undefined)
    await client.chat.postMessage({ channel: body.user.id, text: escapeMrkdwn(refused) });
}

async function deny(deps: SlackDeps, body: ViewSubmitAction): Promise<string | undefined> {
  try {
    const reason = body.view.state.values[denyReasonBlockId]?.[inputActionId]?.value?.trim() ?? "";
    if (isBlank(reason)) return "Say why: the person who asked is told this.";
    const requestId = RequestId.parse(body.view.private_metadata);
    const key = `deny ${body.view.id}`;
    const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
    if (!identity.known) {
      await refuseNobody(deps, identity.why, { slackId: body.user.id, attempted: "deny", key });
      return nobodyText[identity.why];
    }
    const verdict = { type: "deny", reason } as const;
    const answer = await decideRequest(deps, { requestId, by: identity.person, verdict, key });
    return answer.decided ? undefined : wordRefusal(answer.refusal, answer.state.request, answer.approvers);
  } catch (error) {
    return faultText(deps.log, error, "denying a request");
  }
}

const RequestId = z.uuid();

async function whoClicked(
  deps: SlackDeps,
  action: ButtonAction,
  body: BlockAction,
  attempted: string,
): Promise<
  | { readonly known: true; readonly requestId: string; readonly person: Person; readonly key: string }
  | { readonly known: false; readonly why: string }
> {
  const key = `${attempted} ${body.user.id} ${body.container?.message_ts ?? ""} ${action.action_ts}`;
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  if (!identity.known) {
    await refuseNobody(deps, identity.why, { slackId: body.user.id, attempted, key });
    return { known: false, why: nobodyText[identity.why] };
  }
  const requestId = RequestId.safeParse(action.value);
  if (!requestId.success) return { known: false, why: "This button belongs to no request." };
  return { known: true, requestId: requestId.data, person: identity.person, key };
}

function wordRefusal(refusal: Refusal, request: AccessRequest, approvers: readonly string[]): string {
  const text = `${requestName(request)}: ${refusalText[refusal]}`;
  if (refusal !== "not_approver" || approvers.length === 0) return text;
  return `${text} These may: ${approvers.slice(0, 10).join(", ")}.`;
}
