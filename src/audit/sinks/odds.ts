import { hash } from "node:crypto";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Logger } from "../../logger.ts";
import type { Clock } from "../../persistence/database/clock.ts";
import { moveCursor } from "../chain/cursor.ts";
import { cursorNames } from "./lag.ts";
import type { AtOdds } from "./sink.ts";

type Deps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Notifies the people who watch over Hallpass. */
  readonly tell: (text: string) => void;
};

export type Odds = {
  /** Runs an action of a sink, and reports what it found, even if it failed afterwards. */
  hear<Result>(act: (atOdds: AtOdds) => Promise<Result>): Promise<Result>;
  /** How many different findings there were. */
  count(): number;
};

/** One forged line shows that somebody writes there; more than this at once helps nobody. */
const mostTold = 5;
/** Caps memory, however much somebody writes there. */
const mostKept = 1_000;

/**
 * Reports what a sink finds on the other side that differs from what was sent: each finding once, from whichever process sees it
 * first.
 */
export function createOdds({ db, clock, log, tell }: Deps, sink: string): Odds {
  const known = new Set<string>();

  async function say(found: readonly string[]): Promise<void> {
    const fresh = found.filter((what) => !known.has(what)).slice(0, mostTold);
    const news: string[] = [];
    for (const what of fresh) {
      const name = cursorNames(sink).atOdds(hash("sha256", what, "hex").slice(0, 16));
      if (await moveCursor(db, clock, name, 1)) news.push(what);
    }
    for (const what of found) if (known.size < mostKept) known.add(what);
    if (fresh.length > 0) log.error({ sink, found: fresh }, "the audit's sink is not as it was left");
    if (news.length === 0) return;
    tell(
      `The audit's sink ${sink} is not as Hallpass left it: ${news.join("; ")}. Nothing of it is believed, and what is due is ` +
        "sent all the same. Find out who writes there.",
    );
  }

  return {
    async hear(act) {
      const found: string[] = [];
      try {
        return await act((what) => {
          if (found.length < mostKept) found.push(what);
        });
      } finally {
        if (found.length > 0) await say(found);
      }
    },
    count: () => known.size,
  };
}
