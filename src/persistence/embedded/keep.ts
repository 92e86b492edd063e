import { connect } from "node:net";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";
import { messageOf } from "../../error-message.ts";

export type KeptPostgres = Pick<EmbeddedPostgres, "url" | "ownerUrl" | "superuserUrl" | "stop">;

const lookMs = 2_000;
const answerMs = 1_000;

/**
 * Runs Hallpass's own PostgreSQL for as long as Hallpass runs: restarts it, on the same port if possible, when it ends
 * by itself (killed when memory ran out, say). Throws `EmbeddedPostgresError` when the first start fails.
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
      log.error(messageOf(error));
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
    // A timeout does not mean it has ended: a machine that is only slow keeps its server.
    socket.once("connect", answer(true)).once("timeout", answer(true)).once("error", answer(false));
  });
}
