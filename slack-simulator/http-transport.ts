import { createHmac } from "node:crypto";
import { parseJson, textOf, type JsonObject } from "./json.ts";
import type { DeliveryKind, Transport } from "./delivery.ts";

export interface HttpTransport extends Transport {
  /** Gives up on every request still open. */
  readonly close: () => void;
}

/** Slack's v0 signature over a raw body; `timestamp` in seconds. */
export function signature(signingSecret: string, timestamp: number, body: string): string {
  return `v0=${createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

/** The body and content type with which Slack sends a payload over HTTP. */
export function encode(
  kind: DeliveryKind,
  payload: JsonObject,
): { readonly body: string; readonly contentType: string } {
  // Bolt parses the body as JSON unless the content type is this one to the letter, without a charset.
  const contentType = "application/x-www-form-urlencoded";
  switch (kind) {
    case "slash_commands": {
      const fields = Object.entries(payload).map(([name, value]): [string, string] => [name, textOf(value)]);
      return { body: new URLSearchParams(fields).toString(), contentType };
    }
    case "interactive":
      return { body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), contentType };
    case "events_api":
      return { body: JSON.stringify(payload), contentType: "application/json" };
  }
}

/** Posts signed payloads to the app's request URL. */
export function createHttpTransport(
  signingSecret: string,
  requestUrl: () => string | undefined,
): HttpTransport {
  const open = new AbortController();
  return {
    close: () => open.abort(),
    send: async (kind, payload, retry) => {
      const url = requestUrl();
      if (url === undefined) return { acked: false, status: "no_request_url", body: undefined };
      const { body, contentType } = encode(kind, payload);
      // Bolt compares with the machine's clock, whatever time the simulation is set to.
      const timestamp = Math.trunc(Date.now() / 1000);
      try {
        const response = await fetch(url, {
          method: "POST",
          body,
          signal: open.signal,
          redirect: "manual",
          headers: {
            "content-type": contentType,
            "x-slack-request-timestamp": String(timestamp),
            "x-slack-signature": signature(signingSecret, timestamp, body),
            ...(retry === undefined
              ? {}
              : { "x-slack-retry-num": String(retry.attempt), "x-slack-retry-reason": retry.reason }),
          },
        });
        const text = await response.text();
        const parsed = parseJson(text);
        return {
          acked: response.ok,
          status: response.status,
          body: typeof parsed === "object" ? parsed : text === "" ? undefined : text,
        };
      } catch (error) {
        return { acked: false, status: "connection_failed", body: String(error) };
      }
    },
  };
}
