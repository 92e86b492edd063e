import type { Pause } from "../groups/pause.ts";
import { askedToWaitMs, wordRefusal } from "./answers.ts";
import { wordCauses } from "./connect.ts";

/** Asks Slack something that is not asked while it wants to be left alone; errors say what an operator has to do. */
export async function askSlack<T>(pause: Pause, call: () => Promise<T>): Promise<T> {
  pause.respect();
  try {
    return await call();
  } catch (error) {
    const waitMs = askedToWaitMs(error);
    if (waitMs > 0) throw pause.begin(waitMs / 1_000);
    const why = wordRefusal(error) ?? `Slack cannot be reached: ${wordCauses(error)}`;
    throw new Error(why, { cause: error });
  }
}
