import type { Logger } from "../logger.ts";
import { answerReadiness, type Readiness } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { type HttpServer, serve } from "./serve.ts";

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly log: Logger;
  readonly readiness: () => Promise<Readiness> | Readiness;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
}

/**
 * Serves what is only for those who run Hallpass: its metrics, and why it is not ready. These reveal what it guards,
 * where its data are and how busy it is. Throws `ListenError`.
 */
export function startOpsServer({
  host,
  port,
  log,
  readiness,
  metrics,
}: OpsServerOptions): Promise<HttpServer> {
  const settings = { host: "OPS_PORT", port: "OPS_PORT" };
  return serve({ host, port, settings }, log, async (what, _request, response) => {
    switch (what) {
      case "GET /readyz":
        await answerReadiness(response, readiness, log, "why");
        return true;
      case "GET /metrics":
        response.setHeader("content-type", metrics.contentType).end(await metrics.text());
        return true;
      default:
        return false;
    }
  });
}
