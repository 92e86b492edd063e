import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../logger.ts";
import { answerHealth, answerReadiness, type Readiness } from "./health.ts";
import { type HttpServer, serve } from "./serve.ts";

/** A `RequestListener` like Bolt's; a promise it returns is awaited, though its type does not mention one. */
type SlackListener = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly log: Logger;
  readonly readiness: () => Promise<Readiness> | Readiness;
  /** Bolt's listener in HTTP mode; absent in Socket Mode, where `/slack/events` is not found. */
  readonly slackEvents?: SlackListener;
}

/**
 * Serves what may be public: health checks, and Slack in HTTP mode. Readiness comes without the reasons, which name
 * what Hallpass depends on (see ops-server.ts). Throws `ListenError`.
 */
export function startHttpServer({
  host,
  port,
  log,
  readiness,
  slackEvents,
}: HttpServerOptions): Promise<HttpServer> {
  const settings = { host: "HOST", port: "PORT" };
  return serve({ host, port, settings }, log, async (what, request, response) => {
    switch (what) {
      case "GET /healthz":
        answerHealth(response);
        return true;
      case "GET /readyz":
        await answerReadiness(response, readiness, log, "bare");
        return true;
      case "POST /slack/events":
        if (!slackEvents) return false;
        await slackEvents(request, response);
        return true;
      default:
        return false;
    }
  });
}
