import type {
  AllMiddlewareArgs,
  BlockAction,
  ButtonAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from "@slack/bolt";
import { z } from "zod";
import type { Caller } from "../../identity/caller.ts";
import { clickerOf, identify, ineligibleText } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";
import { refuseIneligible } from "./ineligible.ts";
import { tellAlone } from "./tell-alone.ts";
import { withinBudget } from "../ack-budget.ts";

/** A button was pressed. */
export type Click = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;

/** A form was sent. */
export type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** A request's id, as buttons and forms carry it. */
export const RequestId = z.uuid();

/** Identifies who pressed which request's button; an attempt by an account that may not act is recorded. */
export async function whoClicked(
  deps: SlackDeps,
  { action, body }: Pick<Click, "action" | "body">,
  attempted: string,
): Promise<
  | { readonly known: true; readonly requestId: string; readonly person: Caller; readonly key: string }
  | { readonly known: false; readonly why: string }
> {
  const key = `${attempted} ${body.user.id} ${body.container?.message_ts ?? ""} ${action.action_ts}`;
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  if (!identity.known) {
    await refuseIneligible(deps, identity.why, { slackId: body.user.id, attempted, key });
    return { known: false, why: ineligibleText[identity.why] };
  }
  const requestId = RequestId.safeParse(action.value);
  if (!requestId.success) return { known: false, why: "This button belongs to no request." };
  return { known: true, requestId: requestId.data, person: identity.person, key };
}

/** Tells only the person why nothing was done; says nothing on success, because the message itself shows it. */
export async function tellClicker(
  deps: Pick<SlackDeps, "log">,
  { client, respond, body }: Click,
  refused: string | undefined,
): Promise<void> {
  if (refused !== undefined) await tellAlone(deps, { client, respond, slackId: body.user.id }, refused);
}

/** Answers a form: with what is wrong at one of its fields, or by a message if that is known only after Slack's timeout. */
export async function answerForm(
  deps: Pick<SlackDeps, "log">,
  { ack, body, client }: Submission,
  blockId: string,
  fault: Promise<string | undefined>,
): Promise<void> {
  const answer = await withinBudget(fault);
  if (answer.inTime) {
    if (answer.value === undefined) await ack();
    else await ack({ response_action: "errors", errors: { [blockId]: answer.value } });
    return;
  }
  await ack();
  const refused = await answer.later;
  if (refused !== undefined) await tellAlone(deps, { client, slackId: body.user.id }, refused);
}
