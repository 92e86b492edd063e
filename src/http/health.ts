import type { ServerResponse } from "node:http";
import type { Logger } from "../logger.ts";
import { redactSecrets } from "../logger.ts";

/** Whether Hallpass can do its work; `why` says why not, in words for an operator. */
export type Readiness = {
  readonly ready: boolean;
  readonly why: readonly string[];
  /** The parts of its work it cannot do while it does the rest; taking it out of service would fix none of them. */
  readonly degraded?: readonly string[];
};

/** `GET /healthz`: the process is alive. Dependencies are not checked, because a restart would not fix them. */
export function answerHealth(response: ServerResponse): void {
  response
    .writeHead(200, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end("ok");
}

/** `GET /readyz`: 200, or 503, with the reasons unless `bare`; a check that throws counts as not ready. */
export async function answerReadiness(
  response: ServerResponse,
  readiness: () => Promise<Readiness> | Readiness,
  log: Logger,
  how: "bare" | "why",
): Promise<void> {
  const { ready, why, degraded = [] } = await askReadiness(readiness, log);
  const details = {
    ...(ready ? {} : { why: why.map(redactSecrets) }),
    ...(degraded.length > 0 ? { degraded: degraded.map(redactSecrets) } : {}),
  };
  const said = { ready, ...(how === "why" ? details : {}) };
  response
    .writeHead(ready ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(said));
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
