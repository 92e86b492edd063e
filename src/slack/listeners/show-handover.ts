import { type ShowAnswer, showHandover } from "../../access/requests/show-handover.ts";
import { refusalText } from "../../domain/refusal.ts";
import { requestName } from "../../domain/request/request.ts";
import { faultText } from "../ack-budget.ts";
import type { SlackDeps } from "../deps.ts";
import { handoverNotice, handoverView } from "../views/handover.ts";
import { type Click, tellClicker, whoClicked } from "./click.ts";
import { openView } from "./open-view.ts";

/** Show was pressed: shows what the access came with, in a modal that nobody else sees. */
export async function onShow(deps: SlackDeps, args: Click): Promise<void> {
  // The trigger expires after 3 s, so the modal is opened first; and if it cannot be opened, nothing counts as seen.
  await args.ack();
  await deps.attend(() => show(deps, args));
}

async function show(deps: SlackDeps, args: Click): Promise<void> {
  const { views } = args.client;
  let viewId: string | undefined;
  let isSpent = false;
  try {
    const opened = await openView(args.client, args.body.trigger_id, handoverNotice("One moment …"));
    // A redelivery of the same click.
    if (!opened) return;
    viewId = opened.view?.id;
    if (viewId === undefined) throw new Error("Slack opened no view");
    const answer = await answerTo(deps, args);
    isSpent = answer.shown;
    const view = answer.shown
      ? handoverView(answer.title, answer.text, answer.state.request)
      : handoverNotice(answer.why);
    await views.update({ view_id: viewId, view });
  } catch (error) {
    const fault = faultText(deps.log, error, "showing what an access came with");
    const words = isSpent ? `${fault} ${spent}` : fault;
    await tellClicker(deps, args, words);
    // Slack may refuse this, or the modal may be closed; the person has been told already.
    if (viewId !== undefined)
      await views.update({ view_id: viewId, view: handoverNotice(words) }).catch(() => undefined);
  }
}

const spent =
  "What your access came with can be seen once, and that is over: give the access back and ask again, and you get another.";

async function answerTo(
  deps: SlackDeps,
  args: Click,
): Promise<Extract<ShowAnswer, { shown: true }> | { readonly shown: false; readonly why: string }> {
  const clicked = await whoClicked(deps, args, "show");
  if (!clicked.known) return { shown: false, why: clicked.why };
  const { requestId: grantId, person: by, key } = clicked;
  const answer = await showHandover(deps, { grantId, by, key });
  if (!answer) return { shown: false, why: "This button belongs to no access." };
  if (answer.shown) return answer;
  return { shown: false, why: `${requestName(answer.state.request)}: ${refusalText[answer.refusal]}` };
}
