import { startAccess } from "../../access/start-access.ts";
import { refusalText } from "../../domain/refusal.ts";
import { requestName } from "../../domain/request.ts";
import { faultText, withinBudget } from "../answer.ts";
import type { SlackDeps } from "../deps.ts";
import { type Click, tellClicker, whoClicked } from "./click.ts";

/** Start was pressed on approved access: acknowledged once it is recorded, or before Slack's patience ends. */
export async function onStart(deps: SlackDeps, args: Click): Promise<void> {
  const answer = await withinBudget(start(deps, args));
  await args.ack();
  await tellClicker(args, answer.inTime ? answer.value : await answer.later);
}

async function start(deps: SlackDeps, args: Click): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, args, "start");
    if (!clicked.known) return clicked.why;
    const { requestId, person, key } = clicked;
    const answer = await startAccess(deps, { requestId, by: person, key });
    return answer.started
      ? undefined
      : `${requestName(answer.state.request)}: ${refusalText[answer.refusal]}`;
  } catch (error) {
    return faultText(deps.log, error, "starting approved access");
  }
}
