import { createHmac } from "node:crypto";
import type { WebhookOptions } from "../../policy/language/sinks.ts";
import { createHttpCaller } from "./http-call.ts";
import { jsonLine, type Sink, SinkError } from "./sink.ts";

/** The signature covers the timestamp too, so that an intercepted batch cannot be sent again later. */
function signBatch(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

/** POSTs batches as JSON, signed; docs/sinks.md says how a receiver verifies them. */
export function createWebhookSink({ url, secret }: Pick<WebhookOptions, "url" | "secret">): Sink {
  const http = createHttpCaller("the webhook");
  return {
    async deliver(records, signal) {
      const body = jsonLine({ version: 1, records });
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const headers = {
        "content-type": "application/json",
        "hallpass-timestamp": timestamp,
        "hallpass-signature": signBatch(secret, timestamp, body),
      };
      const { status, text } = await http.call({ method: "POST", url, headers, body }, signal);
      // Whatever stands before the receiver may answer 200 with a login page, say.
      if (text.trimStart().startsWith("<"))
        throw new SinkError(`the webhook answered ${status} with a page; expected no markup from a receiver`);
    },
    close: () => http.close(),
  };
}
