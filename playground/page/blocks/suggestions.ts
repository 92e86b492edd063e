import { useEffect, useRef, useState } from "preact/hooks";
import type { ElementProps } from "./deeds.ts";
import { useDeeds } from "./deeds.ts";
import { type Choice, choicesOf } from "./values.ts";

/** Slack's default where an external select does not say how much must be typed. */
const usualMinimum = 3;
/** As long as a person pauses between two keys. */
const pauseMs = 200;

/** What the app suggests for an external select; `note` says why there is nothing to choose. */
export function useSuggestions(props: ElementProps): {
  readonly choices: readonly Choice[];
  readonly note: string;
  readonly search: (typed: string) => void;
} {
  const { suggest } = useDeeds();
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  const [note, setNote] = useState("");
  /** Counts the searches, so that a late answer to an early one is left aside. */
  const latest = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(
    () => () => {
      latest.current += 1;
      clearTimeout(timer.current);
    },
    [],
  );

  function search(typed: string): void {
    clearTimeout(timer.current);
    latest.current += 1;
    const mine = latest.current;
    const { min_query_length: least } = props.element;
    const minimum = typeof least === "number" ? least : usualMinimum;
    if (typed.length < minimum) {
      setNote(`Type at least ${minimum} ${minimum === 1 ? "character" : "characters"} to search.`);
      return;
    }
    if (choices.length === 0) setNote("Searching …");
    const ask = async (): Promise<void> => {
      const done = await suggest(props, typed);
      if (mine !== latest.current) return;
      const found = done.ok ? choicesOf(done.options ?? []) : [];
      setChoices(found);
      setNote(found.length > 0 ? "" : done.ok ? "Nothing matches." : "The options could not be loaded.");
    };
    timer.current = setTimeout(() => void ask(), typed === "" ? 0 : pauseMs);
  }

  return { choices, note, search };
}
