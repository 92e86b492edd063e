import type { ClockCard, OrdersCard } from "../protocol.ts";
import type { Stage } from "../stage/stage.ts";
import type { Story } from "./guide.ts";

/** What does not announce itself, as it was when last looked at. */
export interface Observed {
  readonly roles: OrdersCard["roles"];
  readonly next: ClockCard["next"];
  readonly story: Story;
}

/** Looks once a second, for all listeners together, while there are any. */
export interface Pulse {
  readonly latest: () => Observed;
  /** Looks now and tells the listeners; for what was just caused from here. */
  readonly refresh: () => Promise<void>;
  /** Tells the listeners without looking. */
  readonly tell: () => void;
  /** Returns the function that ends the subscription. */
  readonly onBeat: (listener: () => void) => () => void;
}

const BEAT_MS = 1000;

/** Builds the pulse; nothing is asked before the first listener or refresh. */
export function createPulse({ orders, clock, facts }: Stage): Pulse {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let lastTrouble = "";
  let observed: Observed = {
    roles: [],
    next: null,
    story: { events: [], queriesThatWorked: 0, clockWasMoved: false },
  };

  async function look(): Promise<void> {
    const [roles, next, events] = await Promise.allSettled([orders.roles(), clock.next(), facts.events()]);
    report([roles, next, events]);
    // What cannot be read at the moment stays as it was: the database may be the thing that is made to fail.
    observed = {
      roles: roles.status === "fulfilled" ? roles.value : observed.roles,
      next: next.status === "fulfilled" ? next.value : observed.next,
      story: {
        events: events.status === "fulfilled" ? events.value : observed.story.events,
        queriesThatWorked: facts.queriesThatWorked(),
        clockWasMoved: facts.clockWasMoved(),
      },
    };
    tell();
  }

  function tell(): void {
    for (const listener of listeners) listener();
  }

  // Once, not every second.
  function report(results: readonly PromiseSettledResult<unknown>[]): void {
    const trouble = results
      .flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []))
      .join("; ");
    if (trouble !== "" && trouble !== lastTrouble) console.error(`The playground cannot look: ${trouble}`);
    lastTrouble = trouble;
  }

  function beat(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    latest: () => observed,
    refresh: async () => {
      // A look under way may have begun before the thing happened.
      await looking;
      await beat();
    },
    tell,
    onBeat: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => void beat(), BEAT_MS);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
