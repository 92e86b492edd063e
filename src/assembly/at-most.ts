import { setTimeout as sleep } from "node:timers/promises";

/** Waits for all promises, but no longer than this; what a silent server keeps from ending is taken up by the next start. */
export async function atMost(milliseconds: number, ...all: readonly Promise<unknown>[]): Promise<void> {
  await Promise.race([Promise.all(all), sleep(milliseconds, undefined, { ref: false })]);
}
