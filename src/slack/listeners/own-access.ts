import { cancelRequest } from "../../access/requests/cancel-request.ts";
import { endAccess } from "../../access/requests/end-access.ts";
import { extendAccess } from "../../access/requests/extend-access.ts";
import { startAccess } from "../../access/requests/start-access.ts";
import { tryRevocationNow } from "../../access/carry-out/try-revocation.ts";
import type { State } from "../../domain/state.ts";
import { type Refusal, refusalText } from "../../domain/refusal.ts";
import { requestName } from "../../domain/request/request.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import type { SlackDeps } from "../deps.ts";
import { type Click, tellClicker, whoClicked } from "./click.ts";
import { wordAnswer } from "./request-command.ts";

type Clicked = Extract<Awaited<ReturnType<typeof whoClicked>>, { known: true }>;

/** Start was pressed on approved access. */
export function onStart(deps: SlackDeps, args: Click): Promise<void> {
  return answerClick(deps, args, "start", async ({ requestId, person: by, key }) => {
    const answer = await startAccess(deps, { requestId, by, key });
    return answer.started ? undefined : wordRefusal(answer);
  });
}

/** Cancel request was pressed on the person's own request. */
export function onCancel(deps: SlackDeps, args: Click): Promise<void> {
  return answerClick(deps, args, "cancel", async ({ requestId, person: by, key }) => {
    const answer = await cancelRequest(deps, { requestId, by, key });
    return answer.cancelled ? undefined : wordRefusal(answer);
  });
}

/** Give back was pressed on the person's own access, or End access on anybody's. */
export function onEnd(deps: SlackDeps, args: Click): Promise<void> {
  return answerClick(deps, args, "end", async ({ requestId, person: by, key }) => {
    const answer = await endAccess(deps, { requestId, by, key });
    return answer.ending ? undefined : wordRefusal(answer);
  });
}

/** Try now was pressed on a revocation that failed. */
export function onTryNow(deps: SlackDeps, args: Click): Promise<void> {
  return answerClick(deps, args, "try", async ({ requestId: grantId }) =>
    (await tryRevocationNow(deps, grantId))
      ? "It is being tried now; what comes of it is said in the thread."
      : "Nothing waits: it has ended, or is being tried at this moment.",
  );
}

/** Extend was pressed on one's own access. */
export function onExtend(deps: SlackDeps, args: Click): Promise<void> {
  return answerClick(deps, args, "extend", async ({ requestId, person: by, key }) => {
    const answer = await extendAccess(deps, { requestId, by, key });
    return answer.asked ? wordAnswer(answer.answer) : wordRefusal(answer);
  });
}

/** Acknowledges once the action is recorded, or before Slack's timeout. */
async function answerClick(
  deps: SlackDeps,
  args: Click,
  attempted: string,
  work: (clicked: Clicked) => Promise<string | undefined>,
): Promise<void> {
  const answer = await withinBudget(attempt(deps, args, attempted, work));
  await args.ack();
  await tellClicker(deps, args, answer.inTime ? answer.value : await answer.later);
}

async function attempt(
  deps: SlackDeps,
  args: Click,
  attempted: string,
  work: (clicked: Clicked) => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    const clicked = await whoClicked(deps, args, attempted);
    return clicked.known ? await work(clicked) : clicked.why;
  } catch (error) {
    return faultText(deps.log, error, "acting on access");
  }
}

function wordRefusal({ refusal, state }: { readonly refusal: Refusal; readonly state: State }): string {
  return `${requestName(state.request)}: ${refusalText[refusal]}`;
}
