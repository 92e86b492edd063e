import type { WebClient } from "@slack/web-api";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { Workspace } from "../slack/authority.ts";
import { createSlackApp, type SlackApp } from "../slack/app.ts";
import { connect, stayConnected } from "../slack/connect.ts";
import type { SlackDeps } from "../slack/deps.ts";

/** Connects to Slack and stays connected; `trouble` says under `slack` why it is not. Resolves with the first connection. */
export async function connectSlack(
  { slack, log }: { readonly slack: Config["slack"]; readonly log: Logger },
  client: WebClient,
  deps: Omit<SlackDeps, "workspace">,
  signal: AbortSignal,
  trouble: Map<string, string>,
  onApp: (app: SlackApp, workspace: Workspace) => void,
): Promise<void> {
  const onTrouble = (why: string): void => {
    trouble.set("slack", why);
  };
  const installation = await connect(client, { log, signal, onTrouble });
  const app = createSlackApp(slack, installation, { ...deps, workspace: installation.workspace });
  onApp(app, installation.workspace);
  const onConnected = (): void => void trouble.delete("slack");
  await stayConnected(app, { log, signal, onTrouble, onConnected });
}
