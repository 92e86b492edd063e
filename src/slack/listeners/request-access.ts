import { createHash } from "node:crypto";
import type {
  AllMiddlewareArgs,
  BlockAction,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackOptionsMiddlewareArgs,
  SlackViewMiddlewareArgs,
  StaticSelectAction,
  ViewSubmitAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { z } from "zod";
import { type AccessAnswer, type AccessAsk, requestAccess } from "../../access/request-access.ts";
import { formatDuration, parseDuration } from "../../domain/duration.ts";
import type { Person } from "../../domain/person.ts";
import { requestName } from "../../domain/request.ts";
import { askable } from "../../policy/evaluate.ts";
import { faultText, withinBudget } from "../answer.ts";
import { identify, identifyAccount, nobodyText } from "../authority.ts";
import { durationFault, parseCommandText, ticketIn } from "../command-text.ts";
import type { SlackDeps } from "../deps.ts";
import { accessTitle } from "../views/approval-message.ts";
import {
  durationBlockId,
  inputActionId,
  loadingView,
  matchingOptions,
  plainView,
  reasonBlockId,
  requestForm,
  resourceActionId,
  resourceBlockId,
  resourceOptions,
  roleActionId,
  roleBlockId,
  roleOptions,
  ticketBlockId,
} from "../views/request-form.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";
import { refuseNobody } from "./nobody.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** `/request-access`: without text the form, with text the request itself. */
export async function onRequestCommand(deps: SlackDeps, args: Command): Promise<void> {
  if (args.command.text.trim() === "") return openForm(deps, args);
  const answer = await withinBudget(answerCommand(deps, args.command));
  if (answer.inTime) {
    await args.ack({ response_type: "ephemeral", text: escapeMrkdwn(answer.value) });
    return;
  }
  await args.ack({ response_type: "ephemeral", text: "Recording your request takes longer than usual …" });
  await args.respond({ response_type: "ephemeral", text: escapeMrkdwn(await answer.later) });
}

async function answerCommand(deps: SlackDeps, command: Command["command"]): Promise<string> {
  try {
    const identity = await identify(deps.directory, deps.workspace, {
      userId: command.user_id,
      teamId: command.team_id,
    });
    if (!identity.known) {
      await refuseNobody(deps, identity.why, {
        slackId: command.user_id,
        attempted: "request",
        key: command.trigger_id,
      });
      return nobodyText[identity.why];
    }
    const parsed = parseCommandText(command.text);
    if (!parsed.ok) return parsed.why;
    const answer = await requestAccess(deps, {
      ...parsed,
      requester: identity.person,
      source: "slack",
      dedupeKey: `command ${command.team_id} ${command.trigger_id}`,
    });
    return wordAnswer(answer);
  } catch (error) {
    return faultText(deps.log, error, "filing a request");
  }
}

function wordAnswer(answer: AccessAnswer): string {
  switch (answer.outcome) {
    case "filed": {
      const { request } = answer;
      const what = `${accessTitle(request)} for ${formatDuration(request.durationSeconds)}`;
      const step = request.terms.steps[0];
      if (!step) return `${requestName(request)}: ${what} is allowed at once and is being granted.`;
      const more = step.approvers.length > 5 ? ` and ${step.approvers.length - 5} more` : "";
      return `${requestName(request)}: you asked for ${what}. ${step.count} of ${step.approvers.slice(0, 5).join(", ")}${more} must approve it in ${request.terms.channel}.`;
    }
    case "repeated":
      return `${requestName(answer)} is recorded.`;
    case "refused":
      return `${answer.why} (Recorded as ${requestName(answer)}.)`;
    case "mistaken":
      return answer.why;
  }
}

async function openForm(deps: SlackDeps, { ack, client, command, respond }: Command): Promise<void> {
  await ack();
  // The trigger lasts 3 s: when Slack has to be asked first who this is, the modal is opened before that.
  const remembered = deps.directory.remembered(command.user_id);
  if (remembered) {
    const identity = identifyAccount(deps.workspace, remembered);
    if (identity.known && command.team_id === deps.workspace.teamId) {
      await client.views.open({ trigger_id: command.trigger_id, view: formFor(deps, identity.person) });
      return;
    }
  }
  const opened = await client.views.open({ trigger_id: command.trigger_id, view: loadingView() });
  const viewId = opened.view?.id;
  if (viewId === undefined) throw new Error("Slack opened no view");
  let view: ModalView;
  try {
    const identity = await identify(deps.directory, deps.workspace, {
      userId: command.user_id,
      teamId: command.team_id,
    });
    if (identity.known) {
      view = formFor(deps, identity.person);
    } else {
      view = plainView(nobodyText[identity.why]);
      await refuseNobody(deps, identity.why, {
        slackId: command.user_id,
        attempted: "request",
        key: command.trigger_id,
      });
    }
  } catch (error) {
    const text = faultText(deps.log, error, "opening the form");
    view = plainView(text);
    await respond({ response_type: "ephemeral", text: escapeMrkdwn(text) });
  }
  await client.views.update({ view_id: viewId, view });
}

function formFor(deps: SlackDeps, person: Person): ModalView {
  const entries = askable(deps.policy(), person.email);
  if (entries.length > 0) return requestForm(entries, undefined);
  return plainView(
    "The policy offers you nothing to ask for. If that is wrong, ask whoever keeps the policy.",
  );
}

/** A resource was chosen: the form now shows its roles and limits. */
export async function onResourceChosen(
  deps: SlackDeps,
  {
    ack,
    action,
    body,
    client,
  }: SlackActionMiddlewareArgs<BlockAction<StaticSelectAction>> & AllMiddlewareArgs,
): Promise<void> {
  await ack();
  if (!body.view) return;
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  const view = identity.known
    ? requestForm(askable(deps.policy(), identity.person.email), action.selected_option.value)
    : plainView(nobodyText[identity.why]);
  await client.views.update({ view_id: body.view.id, hash: body.view.hash, view });
}

const FormMetadata = z.object({ resource: z.string().optional() });

/** What was typed into a select that has more options than Slack shows. */
export async function onOptionsTyped(
  deps: SlackDeps,
  { ack, body, payload }: SlackOptionsMiddlewareArgs<"block_suggestion"> & AllMiddlewareArgs,
): Promise<void> {
  const answer = await withinBudget(
    identify(deps.directory, deps.workspace, {
      userId: body.user.id,
      teamId: body.user.team_id ?? body.team?.id,
    }),
  );
  if (!answer.inTime || !answer.value.known) {
    await ack({ options: [] });
    return;
  }
  const entries = askable(deps.policy(), answer.value.person.email);
  if (payload.action_id === resourceActionId) {
    await ack({ options: [...matchingOptions(resourceOptions(entries), payload.value)] });
    return;
  }
  const { resource } = FormMetadata.parse(JSON.parse(body.view?.private_metadata ?? "{}"));
  const roles = entries.filter((entry) => entry.resource === resource);
  await ack({ options: [...matchingOptions(roleOptions(roles), payload.value)] });
}

type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;
type Submitted =
  { readonly filed: true } | { readonly filed: false; readonly errors: Record<string, string> };

/** The form was sent: filed, or each fault shown at its field. */
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
  if (!late.filed) {
    await client.chat.postMessage({
      channel: body.user.id,
      text: escapeMrkdwn(Object.values(late.errors).join("\n")),
    });
  }
}

async function answerSubmission(deps: SlackDeps, body: ViewSubmitAction): Promise<Submitted> {
  const { resource, role, durationText, reason, ticket } = readForm(body.view);
  const fail = (blockId: string, why: string): Submitted => ({ filed: false, errors: { [blockId]: why } });
  const lastBlock = reasonBlockId;
  try {
    const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
    if (!identity.known) {
      await refuseNobody(deps, identity.why, {
        slackId: body.user.id,
        attempted: "request",
        key: body.view.id,
      });
      return fail(lastBlock, nobodyText[identity.why]);
    }
    if (resource === undefined || role === undefined) {
      return fail(resourceBlockId, "Choose a resource, then one of its roles.");
    }
    const durationSeconds = parseDuration(durationText);
    if (durationSeconds === undefined) return fail(durationBlockId, durationFault(durationText));
    const found = ticket ?? ticketIn(reason);
    const ask: AccessAsk = {
      requester: identity.person,
      resource,
      role,
      durationSeconds,
      reason,
      source: "slack",
      dedupeKey: `form ${body.view.id} ${digest([resource, role, durationText, reason, ticket ?? ""])}`,
      ...(found === undefined ? {} : { ticket: found }),
    };
    const answer = await requestAccess(deps, ask);
    if (answer.outcome === "filed" || answer.outcome === "repeated") return { filed: true };
    return fail(blockFor(answer, resource), answer.why);
  } catch (error) {
    return fail(lastBlock, faultText(deps.log, error, "filing a request"));
  }
}

function blockFor(answer: Extract<AccessAnswer, { why: string }>, resource: string): string {
  switch (answer.refusal.kind) {
    case "duration_too_long":
    case "duration_invalid":
      return durationBlockId;
    case "reason_missing":
    case "reason_too_long":
      return reasonBlockId;
    case "unknown_resource":
      return resourceBlockId;
    case "unknown_role":
    case "no_rule":
    case "denied":
    case "nobody_can_approve":
      return roleBlockId(resource);
  }
}

function readForm(view: ViewSubmitAction["view"]): {
  readonly resource: string | undefined;
  readonly role: string | undefined;
  readonly durationText: string;
  readonly reason: string;
  readonly ticket: string | undefined;
} {
  const { values } = view.state;
  const resource = values[resourceBlockId]?.[resourceActionId]?.selected_option?.value;
  const role =
    resource === undefined
      ? undefined
      : values[roleBlockId(resource)]?.[roleActionId]?.selected_option?.value;
  const typed = (blockId: string): string => values[blockId]?.[inputActionId]?.value?.trim() ?? "";
  const ticket = typed(ticketBlockId);
  return {
    resource,
    role,
    durationText: typed(durationBlockId),
    reason: typed(reasonBlockId),
    ticket: ticket === "" ? undefined : ticket,
  };
}

function clickerOf(body: {
  readonly user: { readonly id: string; readonly team_id?: string };
  readonly team?: { readonly id: string } | null;
}): { readonly userId: string; readonly teamId: string | undefined } {
  return { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id };
}

function digest(values: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 32);
}
