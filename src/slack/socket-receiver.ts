import { type App, type Receiver, SocketModeReceiver } from "@slack/bolt";
import { z } from "zod";
import { readDelivered } from "./delivered.ts";
import { createReceive, type Receive } from "./receive.ts";
import type { SlackDeps } from "./deps.ts";
import { slackLogger, webClientOptions } from "./web-client.ts";

/** Frames about the connection itself, which are the SDK's. */
const Control = z.object({ type: z.enum(["hello", "disconnect"]), reason: z.string().optional() });

const Envelope = z.object({
  envelope_id: z.string(),
  payload: z.unknown().optional(),
});

/** What the SDK makes of a frame. */
type Unpacked = {
  readonly ack: (response?: unknown) => Promise<void>;
  readonly body: unknown;
};

/** The SDK names its events for what a frame says it is; ours say this, which is none of its own (`close`, `error`). */
const delivery = "delivery";

/**
 * Takes what Slack sends by Socket Mode. The SDK parses and acknowledges, and is shown only frames it can read: any
 * other ends the process, or passes for an event of its own.
 */
export function createSocketReceiver(
  { appToken, apiUrl }: { readonly appToken: string; readonly apiUrl: string },
  deps: Pick<SlackDeps, "attend" | "log">,
): { readonly receiver: Receiver; readonly onDisconnected: (listener: () => void) => void } {
  const { log } = deps;
  let receive: Receive | undefined;
  const logUnknown = (type: string): void =>
    log.warn({ type }, "Slack sent what Hallpass does not understand; nothing is done");
  const bolts = new SocketModeReceiver({
    appToken,
    logger: slackLogger(log),
    // Opened again by stayConnected (see connect.ts).
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: webClientOptions(apiUrl, log) },
  });
  const { client } = bolts;
  const unpack = client.listeners("ws_message");
  client.removeAllListeners("ws_message");
  // Bolt's own way to the listeners, which acknowledges nothing it does not understand.
  client.removeAllListeners("slack_event");
  client.on("ws_message", (data: unknown) => {
    const { frame, type } = readFrame(data);
    if (!frame) return logUnknown(type);
    for (const listener of unpack) listener(JSON.stringify(frame), false);
  });

  const take = async ({ ack, body }: Unpacked): Promise<void> => {
    const delivered = readDelivered(body);
    if (delivered.isUnderstood) {
      // Left unacknowledged where nothing could be answered: Slack tells the person so.
      await receive?.({ body: delivered.body, ack }, () => undefined);
      return;
    }
    logUnknown(delivered.type);
    await ack();
  };
  client.on(delivery, (unpacked: Unpacked) => {
    take(unpacked).catch((error: unknown) =>
      log.warn({ why: String(error) }, "a frame could not be acknowledged; Slack delivers it again"),
    );
  });

  return {
    receiver: {
      init(app: App) {
        receive = createReceive(app, deps);
      },
      start: () => bolts.start(),
      stop: () => bolts.stop(),
    },
    onDisconnected: (listener) => void client.on("disconnected", listener),
  };
}

/** The frame as the SDK may see it; without one, what it says it is. */
function readFrame(data: unknown): {
  readonly frame?: z.infer<typeof Control> | (z.infer<typeof Envelope> & { readonly type: string });
  readonly type: string;
} {
  if (typeof data !== "string") return { type: "binary" };
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { type: "no JSON" };
  }
  const control = Control.safeParse(json);
  if (control.success) return { frame: control.data, type: control.data.type };
  const envelope = Envelope.safeParse(json);
  if (envelope.success) return { frame: { ...envelope.data, type: delivery }, type: delivery };
  return { type: Typed.safeParse(json).data?.type.slice(0, 80) ?? typeof json };
}

const Typed = z.object({ type: z.string() });
