import { setTimeout as sleep } from "node:timers/promises";
import type { SlackServer } from "../../slack-simulator/server.ts";

const lookAgainMs = 200;
const patienceMs = 60_000;

/** Looks at each change in Slack, and now and then for what changes elsewhere. */
export async function until<T>(
  { workspace }: SlackServer,
  what: string,
  condition: () => T | Promise<T>,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    let tell = (): void => undefined;
    const changed = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const stop = workspace.onChange(() => tell());
    try {
      const value = await condition();
      if (value) return value;
      if (performance.now() > deadline) throw new Error(`Waited ${patienceMs} ms for ${what}.`);
      await Promise.race([changed, sleep(lookAgainMs)]);
    } finally {
      stop();
    }
  }
}
