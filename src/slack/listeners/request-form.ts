import type {
  AllMiddlewareArgs,
  BlockAction,
  CheckboxesAction,
  PlainTextInputAction,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackOptionsMiddlewareArgs,
  StaticSelectAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { type WebClient, WebAPIPlatformError } from "@slack/web-api";
import { z } from "zod";
import type { Caller } from "../../identity/caller.ts";
import { readNow } from "../../persistence/requests/requests.ts";
import { readFacts } from "../../access/requests/read-facts.ts";
import { readDuration } from "../../domain/duration.ts";
import { requestable, type Requestable } from "../../policy/decide/requestable.ts";
import { evaluate } from "../../policy/decide/evaluate.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { clickerOf, identify, identifyAccount, ineligibleText } from "../directory/identify.ts";
import { durationFault } from "../command-text.ts";
import { ticketIn } from "../ticket-text.ts";
import type { SlackDeps } from "../deps.ts";
import {
  type FormState,
  loadingView,
  matchingOptions,
  plainView,
  requestForm,
  resourceActionId,
  resourceOptions,
  roleOptions,
} from "../views/request-form.ts";
import { previewText } from "../views/request-preview.ts";
import { readForm } from "./form-values.ts";
import { refuseIneligible } from "./ineligible.ts";
import { tellAlone, type Told } from "./tell-alone.ts";
import { openView } from "./open-view.ts";

type Command = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** `/request-access` without text: opens the form before the trigger expires. */
export async function openForm(deps: SlackDeps, args: Command): Promise<void> {
  await args.ack();
  await orTell(deps, { ...args, slackId: args.command.user_id }, "opening the form", () =>
    showForm(deps, args, {}),
  );
}

/** Runs work that a person waits for after the acknowledgement, and tells them if it fails. */
async function orTell(deps: SlackDeps, told: Told, doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await deps.attend(work);
  } catch (error) {
    await tellAlone(deps, told, faultText(deps.log, error, doing));
  }
}

/** Opens the form, filled in with what was typed after the command. */
export async function showForm(
  deps: SlackDeps,
  { client, command, respond }: Pick<Command, "client" | "command" | "respond">,
  state: FormState,
): Promise<void> {
  // The trigger expires after 3 s; if Slack has to be asked first who this is, open the modal before that.
  const remembered = deps.directory.remembered(command.user_id);
  if (remembered) {
    const identity = identifyAccount(deps.workspace, remembered);
    const offers = identity.known ? rememberedOffers(deps, identity.person) : undefined;
    if (offers) {
      await openView(client, command.trigger_id, formFor(offers, state));
      return;
    }
  }
  const opened = await openView(client, command.trigger_id, loadingView());
  if (!opened) return;
  const viewId = opened.view?.id;
  if (viewId === undefined) throw new Error("Slack opened no view");
  let view: ModalView;
  try {
    const identity = await identify(deps.directory, deps.workspace, { userId: command.user_id });
    if (identity.known) {
      view = formFor(await offersTo(deps, identity.person), state);
    } else {
      view = plainView(ineligibleText[identity.why]);
      await refuseIneligible(deps, identity.why, {
        slackId: command.user_id,
        attempted: "request",
        key: command.trigger_id,
      });
    }
  } catch (error) {
    const text = faultText(deps.log, error, "opening the form");
    view = plainView(text);
    await tellAlone(deps, { client, respond, slackId: command.user_id }, text);
  }
  await client.views.update({ view_id: viewId, view });
}

/** What the person may ask for now. */
async function offersTo(deps: SlackDeps, { email }: Caller): Promise<readonly Requestable[]> {
  const policy = deps.policy();
  const now = deps.clock.estimate() ?? (await readNow(deps.db, deps.clock));
  return requestable(policy, await deps.groups.read(policy.outsideGroups), email, now);
}

/** The same from the caches; `undefined` if something would have to be looked up. */
function rememberedOffers(deps: SlackDeps, { email }: Caller): readonly Requestable[] | undefined {
  const policy = deps.policy();
  const memberships = deps.groups.remembered(policy.outsideGroups);
  const now = deps.clock.estimate();
  return memberships && now && requestable(policy, memberships, email, now);
}

function formFor(entries: readonly Requestable[], state?: FormState): ModalView {
  if (entries.length > 0) return requestForm(entries, state);
  return plainView("There is nothing you can request. If that is wrong, ask a policy owner.");
}

/** What a person did to a field whose changes the form follows. */
export type FieldAction = StaticSelectAction | PlainTextInputAction | CheckboxesAction;
type Changed = SlackActionMiddlewareArgs<BlockAction<FieldAction>> & AllMiddlewareArgs;

/** A resource was chosen: the form now shows its roles and limits. */
export async function onResourceChosen(deps: SlackDeps, args: Changed): Promise<void> {
  await followForm(deps, args, "showing the roles of a resource", (identity, { resource, isBreakGlass }) =>
    offersTo(deps, identity).then((offers) => formFor(offers, { resource, isBreakGlass })),
  );
}

/** A role was chosen, the duration typed or Emergency ticked: the form now previews what will become of the request. */
export async function onFormChanged(deps: SlackDeps, args: Changed): Promise<void> {
  await followForm(deps, args, "previewing a request", (identity, filled) => preview(deps, identity, filled));
}

/** The newest change of each open form that this process was told of. */
const newest = new Map<string, string>();

/** Shows the form as it follows from a change, unless a later change has been followed already. */
async function followForm(
  deps: SlackDeps,
  { ack, action, body, client }: Changed,
  doing: string,
  view: (caller: Caller, filled: ReturnType<typeof readForm>) => Promise<ModalView>,
): Promise<void> {
  await ack();
  await orTell(deps, { client, slackId: body.user.id }, doing, async () => {
    if (!body.view) return;
    const { id, hash } = body.view;
    newest.set(id, action.action_ts);
    try {
      const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
      const changed = identity.known
        ? await view(identity.person, readForm(body.view))
        : plainView(ineligibleText[identity.why]);
      if (newest.get(id) !== action.action_ts) return;
      // The form may have followed an earlier change meanwhile; this one is later.
      const isShown = await updateForm(client, { view_id: id, hash, view: changed });
      if (!isShown && newest.get(id) === action.action_ts)
        await updateForm(client, { view_id: id, view: changed });
    } finally {
      if (newest.get(id) === action.action_ts) newest.delete(id);
    }
  });
}

async function preview(
  deps: SlackDeps,
  caller: Caller,
  { resource, role, durationText, reason, ticket, isBreakGlass }: ReturnType<typeof readForm>,
): Promise<ModalView> {
  const policy = deps.policy();
  const person = await deps.people.resolve(caller);
  const [facts, addresses] = await Promise.all([
    readFacts(deps, policy, person),
    deps.people.addressesOf(person.id),
  ]);
  const now = deps.clock.estimate() ?? (await readNow(deps.db, deps.clock));
  const offers = requestable(policy, facts.memberships, person.email, now);
  const form = { resource, role, isBreakGlass };
  if (resource === undefined || role === undefined) return formFor(offers, form);
  const durationSeconds = readDuration(durationText);
  if (durationSeconds === undefined)
    return formFor(offers, { ...form, preview: `⚠️ ${durationFault(durationText)}` });
  const evaluation = evaluate(
    policy,
    {
      requester: { ...person, addresses },
      resource,
      role,
      durationSeconds,
      // Not typed yet: judged when the form is submitted.
      reason: reason === "" ? "(not typed yet)" : reason,
      ticket: ticket ?? ticketIn(reason, [resource, role]),
      source: "slack",
      isBreakGlass,
      now,
    },
    facts,
  );
  return formFor(offers, { ...form, preview: previewText(evaluation) });
}

/** Updates the form; false if it is gone, or has changed since `hash`. */
async function updateForm(
  client: WebClient,
  update: { readonly view_id: string; readonly hash?: string; readonly view: ModalView },
): Promise<boolean> {
  try {
    await client.views.update(update);
    return true;
  } catch (error) {
    if (error instanceof WebAPIPlatformError && overtaken.has(error.data.error)) return false;
    throw error;
  }
}

const overtaken = new Set(["hash_conflict", "not_found", "view_not_found"]);

async function offersToClicker(
  deps: SlackDeps,
  body: Parameters<typeof clickerOf>[0],
): Promise<readonly Requestable[]> {
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  return identity.known ? offersTo(deps, identity.person) : [];
}

const FormMetadata = z.object({ resource: z.string().optional() });

/** Reads the metadata stored in the form; empty if it cannot be read, as in a form of an older version. */
function readMetadata(text: string | undefined): z.infer<typeof FormMetadata> {
  try {
    return FormMetadata.parse(JSON.parse(text ?? "{}"));
  } catch {
    return {};
  }
}

/** Finds the options for what was typed into a select that has more options than Slack shows. */
export async function onOptionsTyped(
  deps: SlackDeps,
  { ack, body, payload }: SlackOptionsMiddlewareArgs<"block_suggestion"> & AllMiddlewareArgs,
): Promise<void> {
  const offers = offersToClicker(deps, body).catch((error: unknown) => {
    faultText(deps.log, error, "offering what can be asked for");
    return [];
  });
  const answer = await withinBudget(offers);
  const entries = answer.inTime ? answer.value : [];
  if (payload.action_id === resourceActionId) {
    await ack({ options: [...matchingOptions(resourceOptions(entries), payload.value)] });
    return;
  }
  const { resource } = readMetadata(body.view?.private_metadata);
  const roles = entries.filter((entry) => entry.resource === resource);
  await ack({ options: [...matchingOptions(roleOptions(roles), payload.value)] });
}
