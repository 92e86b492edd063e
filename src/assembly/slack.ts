import type { WebClient } from "@slack/web-api";
import type { Config } from "../config.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Workspace } from "../slack/directory/identify.ts";
import { createSlackApp, type SlackApp } from "../slack/app.ts";
import { connect, readTrouble } from "../slack/connect.ts";
import type { SlackDeps } from "../slack/deps.ts";
import { keepConnections } from "../slack/socket/connections.ts";
import type { Calling } from "../slack/client/web-client.ts";

/** Connects to Slack and stays connected; `trouble` says under `slack` why it is not. Resolves at the first connection. */
export async function connectSlack(
  { slack, metrics }: { readonly slack: Config["slack"] & Calling; readonly metrics: Metrics },
  client: WebClient,
  deps: Omit<SlackDeps, "workspace">,
  signal: AbortSignal,
  trouble: Map<string, string>,
  /** `close` ends the connections to Slack. */
  onApp: (app: SlackApp, workspace: Workspace, close: () => void) => void,
): Promise<void> {
  const { log } = slack;
  const onTrouble = (why: string): void => {
    trouble.set("slack", why);
  };
  const onConnected = (): void => void trouble.delete("slack");
  const installation = await connect(client, { log, signal, onTrouble });
  const app = createSlackApp(slack, installation, { ...deps, workspace: installation.workspace });
  if (!app.openConnection) {
    onApp(app, installation.workspace, () => undefined);
    return onConnected();
  }
  const connections = keepConnections({
    open: app.openConnection,
    wordFailure: (error) => readTrouble(error, "SLACK_APP_TOKEN"),
    log,
    signal,
    onCount: metrics.slackConnected,
    onTrouble,
    onConnected,
  });
  onApp(app, installation.workspace, () => connections.close());
  await connections.connected;
}
