import { createLockdownReader } from "../access/lockdown/lockdown-reader.ts";
import { createSlackApp } from "../slack/app.ts";
import { createPatientClient } from "../slack/client/web-client.ts";
import { connect, readTrouble } from "../slack/connect.ts";
import type { SlackDeps } from "../slack/deps.ts";
import { watchForLeavers } from "../slack/directory/leavers.ts";
import { createExports } from "../slack/exports.ts";
import { keepConnections } from "../slack/socket/connections.ts";
import type { Audit } from "./audit.ts";
import { type ChannelWatch, watchChannels } from "./channels.ts";
import type { Enforced } from "./policy.ts";
import type { Running } from "./running.ts";
import type { SlackClient } from "./slack-client.ts";
import type { SlackLink } from "./slack-link.ts";
import type { Storage } from "./storage.ts";
import type { Work } from "./work.ts";

export type SlackParts = Running &
  Storage &
  SlackClient &
  Enforced &
  Work & { readonly audit: Audit; readonly link: SlackLink; readonly port: number };

export type SlackServed = {
  /** Resolves once Slack is connected for the first time. */
  readonly ready: Promise<void>;
  /** Looks at the policy's channels now, if Slack is connected. */
  look(): void;
};

/** Serves people in Slack, as soon as it can be reached. */
export function serveSlack(parts: SlackParts): SlackServed {
  const { db, databaseUrl, log, signal, closers, status, calling, directory } = parts;
  const exports = createExports();
  closers.add(() => exports.stop(), 2_000);
  const deps = {
    ...parts.record,
    attend: parts.courtesy.attend,
    policy: parts.policy,
    groups: parts.groups,
    lockdowns: createLockdownReader(db),
    userGroups: parts.userGroups,
    directory,
    // A client of its own: the SDK limits its calls at a time, and messages must not wait for files.
    uploads: createPatientClient(calling),
    exports,
    alert: parts.tell,
    log,
    databaseUrl,
    auditKey: parts.audit.key,
    secretBox: parts.secretBox,
  };
  const connectAndWatch = async (): Promise<ChannelWatch> => {
    await connectSlack(parts, deps);
    signal.throwIfAborted();
    const channels = watchChannels({ directory, policy: parts.inForce, log });
    closers.add(() => channels.stop(), 500);
    status.watchDegraded(channels.troubled);
    const leavers = watchForLeavers({ ...parts.record, log });
    closers.add(() => leavers.stop());
    log.info({ port: parts.port }, "Hallpass is ready");
    return channels;
  };
  const connected = connectAndWatch();
  const ready = connected.then(() => undefined);
  ready.catch((error: unknown) => {
    if (!signal.aborted) log.fatal({ err: error }, "Slack could not be connected");
  });
  return { ready, look: () => void connected.then((channels) => channels.look()).catch(() => undefined) };
}

/** Connects to Slack and stays connected. Resolves at the first connection. */
async function connectSlack(
  { calling, client, metrics, signal, closers, status, link }: SlackParts,
  deps: Omit<SlackDeps, "workspace">,
): Promise<void> {
  const { log } = calling;
  const onTrouble = (why: string): void => status.watch("slack", () => why);
  const onConnected = (): void => status.watch("slack", () => undefined);
  const installation = await connect(client, { log, signal, onTrouble });
  const { workspace } = installation;
  const app = createSlackApp(calling, installation, { ...deps, workspace });
  link.connected(workspace, app.requestListener);
  if (!app.openConnection) return onConnected();
  const connections = keepConnections({
    open: app.openConnection,
    wordFailure: (error) => readTrouble(error, "SLACK_APP_TOKEN"),
    log,
    signal,
    onCount: metrics.slackConnected,
    onTrouble,
    onConnected,
  });
  closers.add(() => connections.close());
  await connections.connected;
}
