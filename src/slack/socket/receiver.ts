import type { App, Receiver } from "@slack/bolt";
import { WebClient } from "@slack/web-api";
import { createDispatcher } from "../../network/outgoing.ts";
import { readPayload } from "../payload.ts";
import { createNotUnderstood } from "../not-understood.ts";
import { createReceive, type Receive, type ReceiveDeps } from "../receive.ts";
import { webClientOptions } from "../client/web-client.ts";
import {
  type Connection,
  type ConnectionOptions,
  type ConnectionTimes,
  openConnection,
} from "./connection.ts";
import type { Envelope } from "./frames.ts";

/** Receives what Slack delivers over Socket Mode. */
export type SocketReceiver = {
  readonly receiver: Receiver;
  /** Opens one connection. */
  readonly open: (signal: AbortSignal, onLeaving: (why: string) => void) => Promise<Connection>;
};

/** Timeout for requesting an address; the rest of an attempt's time is for the connection itself. */
const addressMs = 8_000;

/**
 * Replaces the SDK's own client, which opens the next connection only after the last has ended, waits forever for a
 * hello that never comes, and takes unreadable frames for events of its own or ends the process over them.
 */
export function createSocketReceiver(
  { appToken, apiUrl }: { readonly appToken: string; readonly apiUrl: string },
  deps: ReceiveDeps,
  times?: ConnectionTimes,
): SocketReceiver {
  const { log } = deps;
  let receive: Receive | undefined;
  const client = new WebClient(appToken, { ...webClientOptions(apiUrl, log), timeout: addressMs });
  const dispatcher = createDispatcher();

  const onNotUnderstood = createNotUnderstood(log);

  const take = async ({ payload }: Envelope, ack: (response?: unknown) => void): Promise<void> => {
    const delivered = readPayload(payload);
    if (!delivered.isUnderstood) {
      onNotUnderstood(delivered.type);
      ack();
      return;
    }
    // If nothing could be answered, leave it unacknowledged: Slack then tells the person.
    await receive?.({ body: delivered.body, ack: async (response) => ack(response) }, () => undefined);
  };
  const onEnvelope: ConnectionOptions["onEnvelope"] = (envelope, ack) => {
    take(envelope, ack).catch((error: unknown) =>
      log.warn({ why: String(error) }, "what Slack sent could not be acknowledged; it delivers it again"),
    );
  };

  return {
    receiver: {
      init(app: App) {
        receive = createReceive(app, deps);
      },
      // connections.ts opens and keeps the connections.
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    async open(signal, onLeaving) {
      const { url } = await client.apps.connections.open();
      signal.throwIfAborted();
      if (url === undefined) throw new Error("Slack gave no address to connect to");
      const listeners = { onEnvelope, onNotUnderstood, onLeaving };
      return openConnection({ url, dispatcher, log, signal, ...listeners, ...(times && { times }) });
    },
  };
}
