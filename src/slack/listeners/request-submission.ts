import { createHash } from "node:crypto";
import type { AllMiddlewareArgs, SlackViewMiddlewareArgs, ViewSubmitAction } from "@slack/bolt";
import type { AccessAsk } from "../../access/requests/access-ask.ts";
import { requestAccess } from "../../access/requests/request-access.ts";
import { readDuration } from "../../domain/duration.ts";
import { wordRefusal } from "../../policy/explain/refusal-words.ts";
import { fieldOf, type PolicyRefusal } from "../../policy/decide/refusals.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { clickerOf, identify, ineligibleText } from "../directory/identify.ts";
import { beginsWithBreakGlass, durationFault } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";
import { ticketIn } from "../ticket-text.ts";
import {
  breakGlassBlockId,
  durationBlockId,
  fieldBlockId,
  plainView,
  reasonBlockId,
  resourceBlockId,
  roleBlockId,
  ticketBlockId,
} from "../views/request-form.ts";
import { readForm } from "./form-values.ts";
import { refuseIneligible } from "./ineligible.ts";
import { tellAlone } from "./tell-alone.ts";
import { wordWaiting } from "./request-command.ts";

type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;
type Submitted =
  { readonly filed: true } | { readonly filed: false; readonly errors: Record<string, string> };

/** The form was submitted: files the request, or shows each error at its field. */
export async function onFormSubmitted(deps: SlackDeps, { ack, body, client }: Submission): Promise<void> {
  const answer = await withinBudget(answerSubmission(deps, body));
  if (answer.inTime) {
    if (answer.value.filed) await ack();
    else await ack({ response_action: "errors", errors: answer.value.errors });
    return;
  }
  await ack({
    response_action: "update",
    view: plainView(
      "Recording your request takes longer than usual. You are told by direct message what became of it.",
    ),
  });
  const late = await answer.later;
  if (!late.filed)
    await tellAlone(deps, { client, slackId: body.user.id }, Object.values(late.errors).join("\n"));
}

async function answerSubmission(deps: SlackDeps, body: ViewSubmitAction): Promise<Submitted> {
  const { resource, role, durationText, reason, ticket, input, isBreakGlass } = readForm(body.view);
  const fail = (blockId: string, why: string): Submitted => ({ filed: false, errors: { [blockId]: why } });
  const lastBlock = reasonBlockId;
  try {
    const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
    if (!identity.known) {
      await refuseIneligible(deps, identity.why, {
        slackId: body.user.id,
        attempted: "request",
        key: body.view.id,
      });
      return fail(lastBlock, ineligibleText[identity.why]);
    }
    if (resource === undefined || role === undefined) {
      return fail(resourceBlockId, "Choose a resource, then one of its roles.");
    }
    const durationSeconds = readDuration(durationText);
    if (durationSeconds === undefined) return fail(durationBlockId, durationFault(durationText));
    const isOffered = body.view.blocks.some(({ block_id: id }) => id === breakGlassBlockId);
    if (isOffered && !isBreakGlass && beginsWithBreakGlass(reason))
      return fail(
        reasonBlockId,
        "To take the access at once, tick “Break glass” below. To ask the ordinary way, begin with another word.",
      );
    const found = ticket ?? ticketIn(reason, [resource, role]);
    const ask: AccessAsk = {
      requester: identity.person,
      resource,
      role,
      durationSeconds,
      reason,
      input,
      source: "slack",
      isBreakGlass,
      dedupeKey: `form ${body.view.id} ${digest([resource, role, durationText, reason, ticket ?? "", JSON.stringify(input), String(isBreakGlass)])}`,
      ...(found === undefined ? {} : { ticket: found }),
    };
    const answer = await requestAccess(deps, ask);
    if (answer.outcome === "filed" || answer.outcome === "repeated") return { filed: true };
    if (answer.outcome === "waits_already") return fail(lastBlock, wordWaiting(answer));
    const shown = new Set(body.view.blocks.flatMap(({ block_id: id }) => id ?? []));
    return { filed: false, errors: errorsOf(answer.refusals, resource, shown) };
  } catch (error) {
    return fail(lastBlock, faultText(deps.log, error, "filing a request"));
  }
}

/** Puts each refusal at the field where the person can correct it; for a field not shown yet, at the role that adds it. */
function errorsOf(
  refusals: readonly PolicyRefusal[],
  resource: string,
  shown: ReadonlySet<string>,
): Record<string, string> {
  const blocks = {
    resource: resourceBlockId,
    role: roleBlockId(resource),
    duration: durationBlockId,
    reason: reasonBlockId,
    ticket: ticketBlockId,
  };
  const blockOf = (refusal: PolicyRefusal): string => {
    if (refusal.kind !== "input_unfit") return blocks[fieldOf(refusal)];
    const blockId = fieldBlockId(refusal.provider, refusal.field);
    return shown.has(blockId) ? blockId : blocks.role;
  };
  return Object.fromEntries(
    refusals.map((refusal) => {
      const blockId = blockOf(refusal);
      const isMissing = refusal.kind === "input_unfit" && blockId === blocks.role;
      const more = isMissing ? " Choose the role again, and its field appears." : "";
      return [blockId, `${wordRefusal(refusal)}${more}`] as const;
    }),
  );
}

function digest(values: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 32);
}
