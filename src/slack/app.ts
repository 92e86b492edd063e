import {
  type AllMiddlewareArgs,
  App,
  type BlockAction,
  type ButtonAction,
  type SlackActionMiddlewareArgs,
  type SlackCommandMiddlewareArgs,
  type SlackViewMiddlewareArgs,
  type ViewSubmitAction,
} from "@slack/bolt";
import type { SlackTransport } from "../config.ts";
import { onAccountChanged } from "./listeners/account-changed.ts";
import type { Installation } from "./connect.ts";
import { toAccount } from "./directory/directory.ts";
import type { ActionKind } from "../notify/message.ts";
import type { SlackDeps } from "./deps.ts";
import { onAccessCommand } from "./listeners/access-command.ts";
import { onAuditCommand } from "./listeners/audit.ts";
import { onApprove, onDeny, onDenyReason } from "./listeners/decide.ts";
import { onRequestCommand } from "./listeners/request-command.ts";
import {
  type FieldAction,
  onFormChanged,
  onOptionsTyped,
  onResourceChosen,
} from "./listeners/request-form.ts";
import { onFormSubmitted } from "./listeners/request-submission.ts";
import { onCancel, onEnd, onExtend, onStart, onTryNow } from "./listeners/own-access.ts";
import { onShow } from "./listeners/show-handover.ts";
import { onReview, onReviewed } from "./listeners/review.ts";
import { createHttpReceiver, type SlackListener } from "./http-receiver.ts";
import type { Connection } from "./socket/connection.ts";
import { createSocketReceiver } from "./socket/receiver.ts";
import { denyFormId } from "./views/deny-form.ts";
import {
  breakGlassActionId,
  durationActionId,
  requestFormId,
  resourceActionId,
  roleActionId,
} from "./views/request-form.ts";
import { reviewFormId } from "./views/review-form.ts";
import { type Calling, slackLogger, webClientOptions } from "./client/web-client.ts";

export type SlackApp = {
  /** Answers `POST /slack/events`; absent in Socket Mode. */
  readonly requestListener?: SlackListener;
  /** Opens a Socket Mode connection; absent in HTTP mode, where Slack calls us. */
  readonly openConnection?: (signal: AbortSignal, onLeaving: (why: string) => void) => Promise<Connection>;
};

type Table<Args> = Readonly<Record<string, (deps: SlackDeps, args: Args) => Promise<void>>>;
type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;
type ButtonArgs = SlackActionMiddlewareArgs<BlockAction<ButtonAction>> & AllMiddlewareArgs;
type FieldArgs = SlackActionMiddlewareArgs<BlockAction<FieldAction>> & AllMiddlewareArgs;
type SubmissionArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Matches exactly the keys of a table; they are ours and contain no regular expression syntax. */
function anyOf(table: Readonly<Record<string, unknown>>): RegExp {
  return new RegExp(`^(?:${Object.keys(table).join("|")})$`, "u");
}

/** Creates the Bolt app and registers every listener. */
export function createSlackApp(
  settings: Calling & { readonly transport: SlackTransport },
  installation: Installation,
  deps: SlackDeps,
): SlackApp {
  const { apiUrl, transport } = settings;
  const door =
    transport.mode === "http"
      ? createHttpReceiver(transport.signingSecret, deps)
      : createSocketReceiver({ appToken: transport.appToken, apiUrl }, deps);
  const { botUserId, botId, workspace } = installation;
  const app = new App({
    receiver: door.receiver,
    logger: slackLogger(deps.log),
    clientOptions: webClientOptions(apiUrl, deps.log, settings.observer),
    // Conversation state is in the database; Bolt's in-memory store would only grow.
    convoStore: false,
    // Without this, Bolt asks Slack itself and, once refused, answers every later event with 401 (see connect.ts).
    authorize: () =>
      Promise.resolve({ botToken: settings.botToken, botUserId, botId, teamId: workspace.teamId }),
  });

  // Bolt offers each delivery to every listener, and each offer costs time; so register one listener per kind, with a table behind it.
  const onCommand: Table<CommandArgs> = {
    "/request-access": onRequestCommand,
    "/access": onAccessCommand,
    "/access-audit": onAuditCommand,
  };
  app.command(anyOf(onCommand), (args) => onCommand[args.command.command]?.(deps, args) ?? args.ack());

  const onButton: Table<ButtonArgs> & Readonly<Record<ActionKind, unknown>> = {
    approve_request: onApprove,
    deny_request: onDeny,
    cancel_request: onCancel,
    start_access: onStart,
    extend_access: onExtend,
    end_access: onEnd,
    try_revocation: onTryNow,
    show_handover: onShow,
    review_break_glass: onReview,
  };
  app.action<BlockAction<ButtonAction>>(
    { type: "block_actions", action_id: anyOf(onButton) },
    (args) => onButton[args.action.action_id]?.(deps, args) ?? args.ack(),
  );
  const onField: Table<FieldArgs> = {
    [resourceActionId]: onResourceChosen,
    [roleActionId]: onFormChanged,
    [durationActionId]: onFormChanged,
    [breakGlassActionId]: onFormChanged,
  };
  app.action<BlockAction<FieldAction>>(
    { type: "block_actions", action_id: anyOf(onField) },
    (args) => onField[args.action.action_id]?.(deps, args) ?? args.ack(),
  );
  app.options<"block_suggestion">({ type: "block_suggestion", action_id: anyOf(onField) }, (args) =>
    onOptionsTyped(deps, args),
  );

  const onSubmit: Table<SubmissionArgs> = {
    [requestFormId]: onFormSubmitted,
    [denyFormId]: onDenyReason,
    [reviewFormId]: onReviewed,
  };
  app.view<ViewSubmitAction>(
    anyOf(onSubmit),
    (args) => onSubmit[args.view.callback_id]?.(deps, args) ?? args.ack(),
  );

  app.event("user_change", async ({ event: { user } }) => {
    deps.directory.forget(user.id);
    deps.userGroups.learn(user);
    await onAccountChanged(deps, toAccount(user));
  });
  app.event("channel_shared", async ({ event }) => deps.directory.forgetChannel(event.channel));
  app.event("channel_unshared", async ({ event }) => deps.directory.forgetChannel(event.channel));
  const onGroupEvent = { subteam_created: true, subteam_updated: true, subteam_members_changed: true };
  app.event(anyOf(onGroupEvent), async () => deps.userGroups.forget());

  // Rethrow: receive.ts logs the error and answers Slack.
  app.error(async (error) => {
    throw error;
  });

  return {
    ...("requestListener" in door && { requestListener: door.requestListener }),
    ...("open" in door && { openConnection: door.open }),
  };
}
