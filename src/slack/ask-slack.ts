import type { Pause } from "../groups/pause.ts";
import { askedToWaitMs, wordFault } from "./answers.ts";

/** Asks Slack something that is not asked while it wants to be left alone; errors say what an operator has to do. */
export async function askSlack<T>(pause: Pause, call: () => Promise<T>): Promise<T> {
  pause.respect();
  try {
    return await call();
  } catch (error) {
    const waitMs = askedToWaitMs(error);
    if (waitMs > 0) throw pause.begin(waitMs / 1_000);
    throw new Error(wordFault(error), { cause: error });
  }
}
