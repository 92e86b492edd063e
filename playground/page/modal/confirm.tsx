import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isObject, type Json, type JsonObject } from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";
import { TextObject } from "../text/text-object.tsx";

interface Question {
  readonly asked: JsonObject;
  readonly answer: (yes: boolean) => void;
}

/**
 * Asks an element's `confirm` before it acts: `confirmed` answers true at once where there is nothing to ask; `dialog` is to
 * be rendered beside the element.
 */
export function useConfirm(): {
  readonly confirmed: (confirm: Json) => Promise<boolean>;
  readonly dialog: JSX.Element | null;
} {
  const [question, setQuestion] = useState<Question>();
  const pending = useRef<Question | null>(null);
  // An element that goes away while it asks has its answer: no.
  useEffect(() => () => pending.current?.answer(false), []);
  return {
    confirmed: (confirm) => {
      if (!isObject(confirm)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const next: Question = {
          asked: confirm,
          answer: (yes) => {
            pending.current = null;
            setQuestion(undefined);
            resolve(yes);
          },
        };
        pending.current = next;
        setQuestion(next);
      });
    },
    dialog: question === undefined ? null : <ConfirmDialog {...question} />,
  };
}

function ConfirmDialog({ asked, answer }: Question): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const safe = useRef<HTMLButtonElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    safe.current?.focus();
    // Closing, not only vanishing, is what gives the focus back.
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="md md-confirm"
      role="alertdialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onCancel={(event) => {
        event.preventDefault();
        answer(false);
      }}
      onKeyDown={(event) => {
        // The modal underneath must not hear its Escape.
        event.stopPropagation();
        if (event.key !== "Escape") return;
        event.preventDefault();
        answer(false);
      }}
    >
      <h2 id={`${id}-title`} class="md-title">
        {plainText(asked.title)}
      </h2>
      <div id={`${id}-text`} class="md-body">
        <TextObject of={asked.text} />
      </div>
      <div class="md-foot">
        <button ref={safe} type="button" class="bk-button" onClick={() => answer(false)}>
          {plainText(asked.deny) || "Cancel"}
        </button>
        <button
          type="button"
          class={asked.style === "danger" ? "bk-button bk-danger" : "bk-button bk-primary"}
          onClick={() => answer(true)}
        >
          {plainText(asked.confirm) || "Yes"}
        </button>
      </div>
    </dialog>
  );
}
