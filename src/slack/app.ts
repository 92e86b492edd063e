import type { RequestListener } from "node:http";
import {
  App,
  type BlockAction,
  type ButtonAction,
  HTTPReceiver,
  type Logger as BoltLogger,
  LogLevel,
  SocketModeReceiver,
  type StaticSelectAction,
  type ViewSubmitAction,
} from "@slack/bolt";
import type { Logger } from "pino";
import type { Installation } from "./connect.ts";
import type { SlackDeps } from "./deps.ts";
import { onAuditCommand } from "./listeners/audit.ts";
import { onApprove, onDeny, onDenyReason } from "./listeners/decide.ts";
import {
  onFormSubmitted,
  onOptionsTyped,
  onRequestCommand,
  onResourceChosen,
} from "./listeners/request-access.ts";
import { approveActionId, denyActionId } from "./views/approval-message.ts";
import { denyFormId } from "./views/deny-form.ts";
import { requestFormId, resourceActionId, roleActionId } from "./views/request-form.ts";
import { webClientOptions } from "./web-client.ts";

export type SlackTransport =
  | { readonly mode: "socket"; readonly appToken: string }
  | { readonly mode: "http"; readonly signingSecret: string };

export type SlackApp = {
  /** Answers `POST /slack/events`; absent in Socket Mode. */
  readonly requestListener?: RequestListener;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** The Bolt app: every listener on one screen. */
export function createSlackApp(
  settings: { readonly botToken: string; readonly apiUrl: string; readonly transport: SlackTransport },
  installation: Installation,
  deps: SlackDeps,
): SlackApp {
  const logger = boltLogger(deps.log);
  const receiver =
    settings.transport.mode === "http"
      ? new HTTPReceiver({
          signingSecret: settings.transport.signingSecret,
          endpoints: "/slack/events",
          logger,
        })
      : new SocketModeReceiver({
          appToken: settings.transport.appToken,
          logger,
          // While this long has to pass before a closed connection is opened again, nobody's click arrives.
          clientPingTimeout: 1_000,
          installerOptions: { clientOptions: { slackApiUrl: settings.apiUrl } },
        });
  const { botUserId, botId, workspace } = installation;
  const app = new App({
    receiver,
    logger,
    clientOptions: webClientOptions(settings.apiUrl),
    // Bolt would ask Slack itself and, once refused, answer every later event with 401 (see connect.ts).
    authorize: () =>
      Promise.resolve({ botToken: settings.botToken, botUserId, botId, teamId: workspace.teamId }),
  });

  app.command("/request-access", (args) => onRequestCommand(deps, args));
  app.action<BlockAction<StaticSelectAction>>(
    { type: "block_actions", action_id: resourceActionId },
    (args) => onResourceChosen(deps, args),
  );
  app.options<"block_suggestion">({ type: "block_suggestion", action_id: resourceActionId }, (args) =>
    onOptionsTyped(deps, args),
  );
  app.options<"block_suggestion">({ type: "block_suggestion", action_id: roleActionId }, (args) =>
    onOptionsTyped(deps, args),
  );
  app.view<ViewSubmitAction>(requestFormId, (args) => onFormSubmitted(deps, args));

  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: approveActionId }, (args) =>
    onApprove(deps, args),
  );
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: denyActionId }, (args) =>
    onDeny(deps, args),
  );
  app.view<ViewSubmitAction>(denyFormId, (args) => onDenyReason(deps, args));

  app.command("/access-audit", (args) => onAuditCommand(deps, args));

  app.event("user_change", async ({ event }) => deps.directory.forget(event.user.id));

  app.error((error) => {
    deps.log.error({ err: error }, "a Slack interaction could not be answered");
    return Promise.resolve();
  });

  return {
    ...(receiver instanceof HTTPReceiver && { requestListener: receiver.requestListener }),
    async start() {
      // In HTTP mode our own server hands requests over; only Socket Mode has a connection to open.
      if (receiver instanceof SocketModeReceiver) await receiver.start();
    },
    async stop() {
      if (receiver instanceof SocketModeReceiver) await receiver.stop();
    },
  };
}

/** Bolt's log lines, in ours. */
function boltLogger(log: Logger): BoltLogger {
  const words = (parts: unknown[]): string => parts.map(String).join(" ");
  return {
    debug: (...parts) => log.debug(words(parts)),
    info: (...parts) => log.debug(words(parts)),
    warn: (...parts) => log.warn(words(parts)),
    error: (...parts) => log.error(words(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.DEBUG,
    setName: () => {},
  };
}
