import { startOpsServer } from "../http/ops-server.ts";
import type { HttpServer } from "../http/serve.ts";
import { startHttpServer } from "../http/server.ts";
import type { SlackListener } from "../slack/http-receiver.ts";
import type { Running } from "./running.ts";

export type Http = { readonly http: HttpServer; readonly opsPort: number | undefined };

/** Serves health checks and Slack's requests and, apart from them, what is for operators. Throws `ListenError`. */
export async function serveHttp(
  { config, log, closers, status, metrics }: Running,
  slackEvents: SlackListener,
): Promise<Http> {
  const { readiness } = status;
  metrics.watchReadiness(readiness);
  const isForSlack = config.slack.transport.mode === "http";
  const http = await startHttpServer({
    ...config.http,
    log,
    readiness,
    ...(isForSlack ? { slackEvents } : {}),
  });
  closers.add(() => http.close());
  const ops = config.ops && (await startOpsServer({ ...config.ops, log, readiness, metrics }));
  if (ops) closers.add(() => ops.close());
  return { http, opsPort: ops?.port };
}
