import type { JSX } from "preact";
import { objectOf, textOf } from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";
import { Button, useBusy } from "./button.tsx";
import { type ElementProps, useDeeds } from "./deeds.ts";

/** Thumbs up and thumbs down below an answer. */
export function FeedbackButtons(props: ElementProps): JSX.Element {
  const { press } = useDeeds();
  const { isBusy, whileBusy } = useBusy();
  const sides = [
    { mark: "👍", button: objectOf(props.element.positive_button) },
    { mark: "👎", button: objectOf(props.element.negative_button) },
  ];
  return (
    <>
      {sides.map(({ mark, button }) => (
        <button
          key={mark}
          type="button"
          class="bk-button"
          aria-label={textOf(button.accessibility_label) || plainText(button.text)}
          aria-busy={isBusy ? "true" : undefined}
          aria-disabled={isBusy ? "true" : undefined}
          onClick={() => !isBusy && whileBusy(() => press(props, { value: textOf(button.value) }))}
        >
          {mark}
        </button>
      ))}
    </>
  );
}

/** Slack's own icons are not ours to ship: the button says its text. */
export function IconButton(props: ElementProps): JSX.Element {
  return <Button {...props} />;
}
