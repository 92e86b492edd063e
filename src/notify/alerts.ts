import { shorten } from "../domain/text.ts";
import { randomUUID } from "node:crypto";
import { surfaceOf } from "../domain/surface.ts";
import type { Logger } from "../logger.ts";
import { insist } from "./insist.ts";
import { type Message, plainMessage } from "./message.ts";
import type { Announcer } from "./surface.ts";

/** What says something at once, on each surface by its name. */
export type Announcers = ReadonlyMap<string, Announcer>;

/** The longest text that every surface takes. */
const longestText = 3_000;

/** Retries for a quarter of an hour; the audit has the content as well. */
const pauses = [2, 10, 60, 120, 300, 300];
const longestMs = 20 * 60_000;

/** Posts a text that is about no request in the alerts channel. Runs in the background; a final failure is logged. */
export function tellAlerts(
  { announcers, log }: { readonly announcers: Announcers; readonly log: Logger },
  destination: string,
  text: string,
): void {
  const announcer = announcers.get(surfaceOf(destination));
  if (!announcer)
    return log.warn(
      { channel: destination },
      `the alerts channel could not be told: ${notThere(destination)}`,
    );
  const message = plainMessage(shorten(text, longestText));
  const mark = { alert: randomUUID() };
  let mayStand = false;
  const say = async (): Promise<void> => {
    try {
      await announcer.say({ destination }, message, mark, mayStand ? longestMs : undefined);
    } catch (error) {
      mayStand ||= announcer.judge(error).mayBeDone;
      throw error;
    }
  };
  insist(announcer, say, pauses, announcer).catch((error: unknown) =>
    log.warn(
      { why: announcer.judge(error).words, channel: destination },
      "the alerts channel could not be told",
    ),
  );
}

/** Posts a message in a destination, once; throws if it is not taken. */
export async function sayIn(announcers: Announcers, destination: string, message: Message): Promise<void> {
  const announcer = announcers.get(surfaceOf(destination));
  if (!announcer) throw new Error(notThere(destination));
  await announcer.say({ destination }, message, { once: randomUUID() });
}

function notThere(destination: string): string {
  return `Hallpass is not on ${surfaceOf(destination)}, where ${destination} is`;
}
