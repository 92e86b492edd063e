import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Json } from "../../../slack-simulator/json.ts";
import { textOf } from "../../../slack-simulator/json.ts";
import { useConfirm } from "../modal/confirm.tsx";
import { plainText } from "../text/plain-text.ts";
import { isSafe } from "../text/safe-url.ts";
import { type ElementProps, useDeeds } from "./deeds.ts";

/** A button; busy from its press until the app has answered. */
export function Button(props: ElementProps): JSX.Element {
  const { element, field } = props;
  const { press } = useDeeds();
  const { confirmed, dialog } = useConfirm();
  const { isBusy, whileBusy } = useBusy();

  async function onClick(): Promise<void> {
    if (isBusy || !(await confirmed(element.confirm))) return;
    openUrl(element.url);
    whileBusy(() => press(props));
  }

  const style = element.style === "primary" ? " bk-primary" : element.style === "danger" ? " bk-danger" : "";
  return (
    <>
      <button
        type="button"
        id={field.id}
        class={`bk-button${style}`}
        aria-label={textOf(element.accessibility_label) || undefined}
        aria-describedby={field.describedBy}
        aria-busy={isBusy ? "true" : undefined}
        aria-disabled={isBusy ? "true" : undefined}
        onClick={() => void onClick()}
      >
        {plainText(element.text)}
      </button>
      {dialog}
    </>
  );
}

/**
 * Whether something runs. A busy control is only `aria-disabled`: one that is `disabled` loses the focus, and the modal it
 * opens could not give it back.
 */
export function useBusy(): {
  readonly isBusy: boolean;
  readonly whileBusy: (job: () => Promise<unknown>) => void;
} {
  const [isBusy, setBusy] = useState(false);
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  return {
    isBusy,
    whileBusy: (job) => {
      setBusy(true);
      void job().finally(() => {
        if (isThere.current) setBusy(false);
      });
    },
  };
}

/** A link button or menu entry opens its address as well as telling the app. */
export function openUrl(url: Json): void {
  const address = textOf(url);
  if (isSafe(address)) window.open(address, "_blank", "noreferrer");
}
