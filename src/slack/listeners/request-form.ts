import type {
  AllMiddlewareArgs,
  BlockAction,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackOptionsMiddlewareArgs,
  StaticSelectAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { z } from "zod";
import type { Person } from "../../domain/person.ts";
import { readNow } from "../../persistence/requests.ts";
import { askable, type Askable } from "../../policy/askable.ts";
import { faultText, withinBudget } from "../answer.ts";
import { clickerOf, identify, identifyAccount, nobodyText } from "../authority.ts";
import type { SlackDeps } from "../deps.ts";
import {
  loadingView,
  matchingOptions,
  plainView,
  requestForm,
  resourceActionId,
  resourceOptions,
  roleOptions,
} from "../views/request-form.ts";
import { escapeMrkdwn } from "../views/rich-text.ts";
import { refuseNobody } from "./nobody.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** `/request-access` without text: the form, opened before the trigger runs out. */
export async function openForm(deps: SlackDeps, { ack, client, command, respond }: Command): Promise<void> {
  await ack();
  // The trigger lasts 3 s: when Slack has to be asked first who this is, the modal is opened before that.
  const remembered = deps.directory.remembered(command.user_id);
  if (remembered) {
    const identity = identifyAccount(deps.workspace, remembered);
    const offers = identity.known ? rememberedOffers(deps, identity.person) : undefined;
    if (offers && command.team_id === deps.workspace.teamId) {
      await client.views.open({ trigger_id: command.trigger_id, view: formFor(offers) });
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
      view = formFor(await offersTo(deps, identity.person));
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

/** What the person may ask for now. */
async function offersTo(deps: SlackDeps, { email }: Person): Promise<readonly Askable[]> {
  const policy = deps.policy();
  const now = deps.clock.estimate() ?? (await readNow(deps.db, deps.clock));
  return askable(policy, await deps.groups.read(policy.outsideGroups), email, now);
}

/** The same without asking anybody; `undefined` when something would have to be asked. */
function rememberedOffers(deps: SlackDeps, { email }: Person): readonly Askable[] | undefined {
  const policy = deps.policy();
  const memberships = deps.groups.remembered(policy.outsideGroups);
  const now = deps.clock.estimate();
  return memberships && now && askable(policy, memberships, email, now);
}

function formFor(entries: readonly Askable[]): ModalView {
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
    ? requestForm(await offersTo(deps, identity.person), action.selected_option.value)
    : plainView(nobodyText[identity.why]);
  await client.views.update({ view_id: body.view.id, hash: body.view.hash, view });
}

async function offersToClicker(
  deps: SlackDeps,
  body: Parameters<typeof clickerOf>[0],
): Promise<readonly Askable[]> {
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  return identity.known ? offersTo(deps, identity.person) : [];
}

const FormMetadata = z.object({ resource: z.string().optional() });

/** What was typed into a select that has more options than Slack shows. */
export async function onOptionsTyped(
  deps: SlackDeps,
  { ack, body, payload }: SlackOptionsMiddlewareArgs<"block_suggestion"> & AllMiddlewareArgs,
): Promise<void> {
  const answer = await withinBudget(offersToClicker(deps, body));
  const entries = answer.inTime ? answer.value : [];
  if (payload.action_id === resourceActionId) {
    await ack({ options: [...matchingOptions(resourceOptions(entries), payload.value)] });
    return;
  }
  const { resource } = FormMetadata.parse(JSON.parse(body.view?.private_metadata ?? "{}"));
  const roles = entries.filter((entry) => entry.resource === resource);
  await ack({ options: [...matchingOptions(roleOptions(roles), payload.value)] });
}
