import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLooking } from "../context.ts";
import { useDo } from "../store/do.ts";
import { dateOf, lasting, timeWithSeconds } from "../store/when.ts";

const minuteMs = 60_000;

/** The playground's time, which can be hurried. */
export function ClockPanel(): JSX.Element {
  const { screen, zone, now } = useLooking();
  const act = useDo();
  useEachSecond();
  const { aheadMs, next } = screen.clock;
  const at = now();
  const move = (by: number | "to_next"): void => void act({ do: "move_clock", by });
  return (
    <div class="tool-body clock">
      <p class="clock-time">{timeWithSeconds(at, zone)}</p>
      <p class="quiet">
        {dateOf(at, zone)} · {zone}
      </p>
      <p class="quiet">
        {aheadMs < 1000 ? "Same as this machine." : `${lasting(aheadMs)} ahead of this machine.`}
      </p>
      <div class="clock-buttons">
        <button type="button" class="button" data-box="clock" onClick={() => move(15 * minuteMs)}>
          +15 min
        </button>
        <button type="button" class="button" onClick={() => move(60 * minuteMs)}>
          +1 h
        </button>
      </div>
      {next === null ? (
        <p class="next quiet">
          Nothing ends by itself just now: no access is held and nothing waits for an answer.
        </p>
      ) : (
        <div class="next">
          <h3>Next to end by itself</h3>
          <p>{next.what}</p>
          <p class="countdown">
            in <b>{lasting(next.at - at)}</b>
          </p>
          <button type="button" class="button primary" onClick={() => move("to_next")}>
            To the next end
          </button>
        </div>
      )}
      <p class="quiet small">
        Time moves in the playground only: in Hallpass and its Slack. It never moves back, and neither your
        machine nor PostgreSQL notices.
      </p>
    </div>
  );
}

function useEachSecond(): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, []);
}
