import { AskedToWait, type Pause } from "../../groups/pause.ts";
import { askedToWaitMs, wordFault } from "./errors.ts";

/** Calls Slack, unless it has asked to wait; then throws `AskedToWait` without calling. */
export async function askWhenFree<T>(pause: Pause, call: () => Promise<T>): Promise<T> {
  pause.respect();
  try {
    return await call();
  } catch (error) {
    const waitMs = askedToWaitMs(error);
    throw waitMs > 0 ? pause.begin(waitMs / 1_000) : error;
  }
}

/** The same for callers that know nothing of Slack: its errors say what an operator has to do. */
export async function askSlack<T>(pause: Pause, call: () => Promise<T>): Promise<T> {
  try {
    return await askWhenFree(pause, call);
  } catch (error) {
    throw error instanceof AskedToWait ? error : new Error(wordFault(error), { cause: error });
  }
}
