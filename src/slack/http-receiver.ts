import type { IncomingMessage, ServerResponse } from "node:http";
import { type App, HTTPModuleFunctions as http, HTTPResponseAck, type Receiver } from "@slack/bolt";
import { readPayload } from "./payload.ts";
import { createNotUnderstood } from "./not-understood.ts";
import { createReceive, type Receive, type ReceiveDeps } from "./receive.ts";
import type { SlackDeps } from "./deps.ts";
import { slackLogger } from "./client/web-client.ts";
import { messageOf } from "../error-message.ts";

/** Answers `POST /slack/events`. */
export type SlackListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Slack's own limit for an old request, applied to one from the future too. */
const maxEarlySeconds = 5 * 60;

/**
 * Receives Slack's HTTP requests. Bolt's own receiver leaves a signed body that is not an object unanswered and ends
 * the process over it, and accepts a timestamp in the future, so that anybody who has seen the signature can replay it
 * until then.
 */
export function createHttpReceiver(
  signingSecret: string,
  deps: ReceiveDeps,
): { readonly receiver: Receiver; readonly requestListener: SlackListener } {
  let receive: Receive | undefined;
  const onNotUnderstood = createNotUnderstood(deps.log);
  return {
    receiver: {
      init(app: App) {
        receive = createReceive(app, deps);
      },
      // Our own server passes the requests on.
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    },
    requestListener: async (request, response) => {
      const refuse = (status: number, why: string): void => {
        deps.log.warn({ status }, `a request to /slack/events is refused: ${why}`);
        // The unread rest of the body would be parsed as the next request on this connection, or keep that one waiting.
        if (!request.complete) response.setHeader("connection", "close");
        response.writeHead(status).end();
      };
      const read = await readSigned(signingSecret, request);
      if ("status" in read) return refuse(read.status, read.why);
      const { body } = read;
      if (isRecord(body) && body["ssl_check"] === "1") return http.buildSSLCheckResponse(response);
      if (isRecord(body) && body["type"] === "url_verification")
        return http.buildUrlVerificationResponse(response, body);
      const delivered = readPayload(body);
      if (!delivered.isUnderstood) {
        onNotUnderstood(delivered.type);
        response.writeHead(delivered.isEvent ? 200 : 400).end();
        return;
      }
      await handOver(receive, deps, { request, response, body: delivered.body });
    },
  };
}

async function handOver(
  receive: Receive | undefined,
  deps: Pick<SlackDeps, "log">,
  {
    request,
    response,
    body,
  }: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  // Answers with an error if no listener has answered by the time Slack stops waiting.
  const ack = new HTTPResponseAck({
    logger: slackLogger(deps.log),
    processBeforeResponse: false,
    httpRequest: request,
    httpRequestBody: body,
    httpResponse: response,
  });
  await receive?.({ body, ack: ack.bind() }, () => {
    ack.ack();
    if (!response.headersSent) response.writeHead(500).end();
  });
}

type Read = { readonly body: unknown } | { readonly status: number; readonly why: string };

/** Reads the body of a request that Slack has signed recently. */
async function readSigned(signingSecret: string, request: IncomingMessage): Promise<Read> {
  const timestamp = Number(request.headers["x-slack-request-timestamp"]);
  if (timestamp > Math.floor(Date.now() / 1_000) + maxEarlySeconds)
    return {
      status: 401,
      why: "its timestamp is more than 5 minutes in the future; is this machine's clock right?",
    };
  try {
    const options = { signingSecret, bodyLimit: http.defaultBodyLimit };
    const buffered = await http.parseAndVerifyHTTPRequest(options, request);
    try {
      return { body: http.parseHTTPRequestBody(buffered) };
    } catch (error) {
      return { status: 400, why: `its body cannot be read: ${messageOf(error)}` };
    }
  } catch (error) {
    const isTooLarge = http.isRawBodyError(error) && error.statusCode === 413;
    return { status: isTooLarge ? 413 : 401, why: messageOf(error) };
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
