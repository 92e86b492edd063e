import type { ServerResponse } from "node:http";
import type { Logger } from "../logger.ts";
import { redactSecrets } from "../logger.ts";

/** Whether Hallpass can do its work; `why` says why not, in words for an operator. */
export type Readiness = { readonly ready: boolean; readonly why: readonly string[] };

/** `GET /healthz`: the process lives. Nothing it depends on is asked: a restart mends none of that. */
export function answerHealth(response: ServerResponse): void {
  response
    .writeHead(200, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end("ok");
}

/** `GET /readyz`: 200, or 503 with why not; a readiness that throws is none. */
export async function answerReadiness(
  response: ServerResponse,
  readiness: () => Promise<Readiness> | Readiness,
  log: Logger,
): Promise<void> {
  const found = await askReadiness(readiness, log);
  response
    .writeHead(found.ready ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(found.ready ? { ready: true } : { ready: false, why: found.why.map(redactSecrets) }));
}

async function askReadiness(
  readiness: () => Promise<Readiness> | Readiness,
  log: Logger,
): Promise<Readiness> {
  try {
    return await readiness();
  } catch (error) {
    log.error({ error }, "Readiness could not be found out");
    return { ready: false, why: ["Readiness could not be found out; the log says why."] };
  }
}
