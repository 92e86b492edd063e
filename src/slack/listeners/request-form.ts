import type {
  AllMiddlewareArgs,
  BlockAction,
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
import { askable, type Askable } from "../../policy/decide/askable.ts";
import { evaluate } from "../../policy/decide/evaluate.ts";
import { faultText, withinBudget } from "../ack-budget.ts";
import { clickerOf, identify, identifyAccount, ineligibleText } from "../directory/identify.ts";
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
async function offersTo(deps: SlackDeps, { email }: Caller): Promise<readonly Askable[]> {
  const policy = deps.policy();
  const now = deps.clock.estimate() ?? (await readNow(deps.db, deps.clock));
  return askable(policy, await deps.groups.read(policy.outsideGroups), email, now);
}

/** The same from the caches; `undefined` if something would have to be looked up. */
function rememberedOffers(deps: SlackDeps, { email }: Caller): readonly Askable[] | undefined {
  const policy = deps.policy();
  const memberships = deps.groups.remembered(policy.outsideGroups);
  const now = deps.clock.estimate();
  return memberships && now && askable(policy, memberships, email, now);
}

function formFor(entries: readonly Askable[], state?: FormState): ModalView {
  if (entries.length > 0) return requestForm(entries, state);
  return plainView(
    "The policy offers you nothing to ask for. If that is wrong, ask whoever keeps the policy.",
  );
}

/** An option of a select was chosen. */
type Chosen = SlackActionMiddlewareArgs<BlockAction<StaticSelectAction>> & AllMiddlewareArgs;

/** A resource was chosen: the form now shows its roles and limits. */
export async function onResourceChosen(deps: SlackDeps, args: Chosen): Promise<void> {
  await args.ack();
  await orTell(deps, toClicker(args), "showing the roles of a resource", () => showRoles(deps, args));
}

async function showRoles(deps: SlackDeps, { action, body, client }: Chosen): Promise<void> {
  if (!body.view) return;
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  const view = identity.known
    ? formFor(await offersTo(deps, identity.person), { resource: action.selected_option.value })
    : plainView(ineligibleText[identity.why]);
  const { id, hash } = body.view;
  // A preview may have changed the form meanwhile; the person's newer choice overrides it.
  const isNewest = await updateForm(client, { view_id: id, hash, view });
  if (!isNewest) await updateForm(client, { view_id: id, view });
}

/** A role was chosen: the form now previews what will become of the request. */
export async function onRoleChosen(deps: SlackDeps, args: Chosen): Promise<void> {
  await args.ack();
  await orTell(deps, toClicker(args), "saying what will become of a request", () => showPreview(deps, args));
}

function toClicker({ client, body }: Chosen): Told {
  return { client, slackId: body.user.id };
}

async function showPreview(deps: SlackDeps, { body, client }: Chosen): Promise<void> {
  if (!body.view) return;
  const identity = await identify(deps.directory, deps.workspace, clickerOf(body));
  if (!identity.known) return;
  const { resource, role, durationText, reason, ticket, isBreakGlass } = readForm(body.view);
  if (resource === undefined || role === undefined) return;
  const policy = deps.policy();
  const person = await deps.people.resolve(identity.person);
  const [facts, addresses] = await Promise.all([
    readFacts(deps, policy, person),
    deps.people.addressesOf(person.id),
  ]);
  const now = deps.clock.estimate() ?? (await readNow(deps.db, deps.clock));
  const offers = askable(policy, facts.memberships, person.email, now);
  const chosen = offers.find((offer) => offer.resource === resource && offer.role === role);
  const evaluation = evaluate(
    policy,
    {
      requester: { ...person, addresses },
      resource,
      role,
      // Values not typed yet are checked when the form is submitted; the preview assumes some.
      durationSeconds: readDuration(durationText) ?? Math.min(3600, chosen?.maxDurationSeconds ?? 3600),
      reason: reason === "" ? "(not typed yet)" : reason,
      ticket: ticket ?? ticketIn(reason, [resource, role]),
      source: "slack",
      isBreakGlass,
      now,
    },
    facts,
  );
  const view = formFor(offers, { resource, role, preview: previewText(evaluation) });
  // If the person has submitted or changed the form meanwhile, the preview is outdated and dropped.
  await updateForm(client, { view_id: body.view.id, hash: body.view.hash, view });
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
): Promise<readonly Askable[]> {
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
