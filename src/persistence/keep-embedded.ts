import { connect } from "node:net";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";

export type KeptPostgres = Pick<EmbeddedPostgres, "url" | "ownerUrl" | "superuserUrl" | "stop">;

const lookMs = 2_000;
const answerMs = 1_000;

/**
 * Hallpass's own PostgreSQL for as long as Hallpass runs: started again, on the same port, when it ends by itself (killed
 * for want of memory, say). Throws `EmbeddedPostgresError` when it cannot be started the first time.
 */
export async function keepEmbeddedPostgres(options: {
  readonly dataDir: string;
  readonly log: { info(message: string): void; error(message: string): void };
  readonly signal?: AbortSignal;
  readonly keepSuperuser?: boolean;
}): Promise<KeptPostgres> {
  const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ ...options, role: "owner" });
  const { log } = options;
  const first = await start();
  const port = Number(new URL(first.url).port);
  // Each stops only a server that it started itself.
  const started = [first];
  const look = async (): Promise<void> => {
    if (await isListening(port)) return;
    log.error("Hallpass's own PostgreSQL has ended by itself; it is started again.");
    try {
      const again = await start();
      started.push(again);
      if (again.url === first.url) return;
      log.error(
        "Hallpass's own PostgreSQL had to take another port; start Hallpass again so that it is used.",
      );
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error));
    }
  };
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, lookMs);
  const { url, ownerUrl, superuserUrl } = first;
  return {
    url,
    ownerUrl,
    superuserUrl,
    async stop() {
      clearInterval(timer);
      await looking;
      for (const one of started.toReversed()) await one.stop();
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: answerMs });
    const answer = (listening: boolean) => (): void => {
      socket.destroy();
      resolve(listening);
    };
    // Silence is no end: a machine that is only slow keeps its server.
    socket.once("connect", answer(true)).once("timeout", answer(true)).once("error", answer(false));
  });
}
