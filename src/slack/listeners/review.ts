import { reviewBreakGlass } from "../../access/requests/review-break-glass.ts";
import { refusalText } from "../../domain/refusal.ts";
import { requestName } from "../../domain/request/request.ts";
import { isBlank } from "../../domain/text.ts";
import { readState } from "../../persistence/requests/requests.ts";
import { faultText } from "../ack-budget.ts";
import { clickerOf, identify, ineligibleText } from "../directory/identify.ts";
import type { SlackDeps } from "../deps.ts";
import { inputActionId } from "../views/request-form.ts";
import { reviewForm, reviewNoteBlockId, reviewVerdictBlockId } from "../views/review-form.ts";
import { type Click, RequestId, type Submission, tellClicker, whoClicked, answerForm } from "./click.ts";
import { refuseIneligible } from "./ineligible.ts";
import { openView } from "./open-view.ts";

/** Review was pressed on break-glass access: asks what the reviewer found; whether they may review is decided on submission. */
export async function onReview(deps: SlackDeps, args: Click): Promise<void> {
  // The trigger expires after 3 s and opening the form is one more call to Slack, so acknowledge first.
  await args.ack();
  await tellClicker(deps, args, await deps.attend(() => openReview(deps, args)));
}

async function openReview(deps: SlackDeps, args: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, args, "review");
    if (!clicked.known) return clicked.why;
    const read = await readState(deps.db, deps.clock, clicked.requestId);
    if (!read) return "This request does not exist.";
    await openView(args.client, args.body.trigger_id, reviewForm(read.state.request));
    return undefined;
  } catch (error) {
    return faultText(deps.log, error, "opening the form to review break-glass");
  }
}

/** The review form was submitted: records what the reviewer found. */
export async function onReviewed(deps: SlackDeps, args: Submission): Promise<void> {
  await answerForm(deps, args, reviewNoteBlockId, review(deps, args.body));
}

async function review(deps: SlackDeps, body: Submission["body"]): Promise<string | undefined> {
  try {
    const { values } = body.view.state;
    const verdict = values[reviewVerdictBlockId]?.[inputActionId]?.selected_option?.value;
    const note = values[reviewNoteBlockId]?.[inputActionId]?.value?.trim() ?? "";
    if (verdict !== "accept" && verdict !== "object") return "Say whether it was justified.";
    if (isBlank(note)) return "Say what you found: the person who took the access is told this.";
    const requestId = RequestId.parse(body.view.private_metadata);
    const key = `review ${body.view.id}`;
    const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
    if (!identity.known) {
      await refuseIneligible(deps, identity.why, { slackId: body.user.id, attempted: "review", key });
      return ineligibleText[identity.why];
    }
    const answer = await reviewBreakGlass(deps, { requestId, by: identity.person, verdict, note, key });
    if (answer.reviewed) return undefined;
    return `${requestName(answer.state.request)}: ${refusalText[answer.refusal]}`;
  } catch (error) {
    return faultText(deps.log, error, "reviewing break-glass");
  }
}
