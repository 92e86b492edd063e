import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ViewCard } from "../../protocol.ts";
import { objectsOf } from "../../../slack-simulator/json.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { useBusy } from "../blocks/button.tsx";
import { useDeeds } from "../blocks/deeds.ts";
import { useLooking } from "../context.ts";
import { plainText } from "../text/plain-text.ts";

interface ModalFormProps {
  readonly view: ViewCard;
  readonly isStacked: boolean;
  readonly dialog: { readonly current: HTMLDialogElement | null };
}

/** A modal's title, blocks and buttons. */
export function ModalForm({ view, isStacked, dialog }: ModalFormProps): JSX.Element {
  const { definition, errors, failure } = view;
  const { me } = useLooking();
  const { inTurn } = useDeeds();
  const { isBusy, whileBusy } = useBusy();
  const closing = useBusy();
  const form = useRef<HTMLFormElement>(null);
  const [refusals, setRefusals] = useState(0);
  const blocks = objectsOf(definition.blocks);
  const submitText = plainText(definition.submit);
  const hasFields = blocks.some(({ type }) => type === "input" || type === "actions");

  function close(): void {
    if (closing.isBusy) return;
    closing.whileBusy(() => inTurn({ do: "close", as: me, viewId: view.id }));
  }

  function submit(): void {
    if (isBusy || submitText === "") return;
    whileBusy(async () => {
      await inTurn({ do: "submit", as: me, viewId: view.id });
      setRefusals((count) => count + 1);
    });
  }

  useEscape(dialog, close);
  useFirstFocus(dialog, form, blocks.length > 0 && hasFields);
  useErrorFocus(form, refusals, errors);

  return (
    <form
      ref={form}
      class="md-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <header class="md-head">
        <h2 id="modal-title" class="md-title" dir="auto">
          {plainText(definition.title)}
        </h2>
        <button type="button" class="md-x" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {failure !== null && (
        <div class="md-failure" role="alert">
          {failure}
        </div>
      )}
      <div
        class="md-body"
        // What scrolls must be reachable by keyboard, also where there is no field in it.
        {...(!hasFields && { tabIndex: 0, role: "region", "aria-labelledby": "modal-title" })}
      >
        <Blocks
          blocks={blocks}
          place={{ kind: "view", viewId: view.id }}
          values={view.values}
          errors={errors}
        />
      </div>
      <footer class="md-foot">
        <button type="button" class="bk-button" onClick={close}>
          {plainText(definition.close) || (isStacked ? "Back" : "Cancel")}
        </button>
        {submitText !== "" && (
          <button
            type="submit"
            class="bk-button bk-primary"
            aria-busy={isBusy ? "true" : undefined}
            aria-disabled={isBusy ? "true" : undefined}
          >
            {submitText}
          </button>
        )}
      </footer>
    </form>
  );
}

type DialogRef = ModalFormProps["dialog"];
type FormRef = { readonly current: HTMLFormElement | null };

/** The app decides what closing means: the browser must not close the dialog by itself. */
function useEscape(dialog: DialogRef, close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useLayoutEffect(() => {
    const element = dialog.current;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      latest.current();
    };
    // A phone's back gesture says cancel without any key.
    const onCancel = (event: Event): void => {
      if (event.target !== element) return;
      event.preventDefault();
      latest.current();
    };
    element?.addEventListener("keydown", onKeyDown);
    element?.addEventListener("cancel", onCancel);
    return () => {
      element?.removeEventListener("keydown", onKeyDown);
      element?.removeEventListener("cancel", onCancel);
    };
  }, [dialog]);
}

/** Focuses the first field as soon as there is one: a modal may first say only that it loads. */
function useFirstFocus(dialog: DialogRef, form: FormRef, hasFields: boolean): void {
  useLayoutEffect(() => {
    const fields = "input, textarea, .bk-action button";
    const wanted =
      form.current?.querySelector<HTMLElement>(`[data-focus]`) ??
      form.current?.querySelector<HTMLElement>(`.md-body :is(${fields})`);
    (hasFields ? (wanted ?? dialog.current) : dialog.current)?.focus();
  }, [dialog, form, hasFields]);
}

/** After a refused submission the person continues where the first mistake is, whichever arrives first: answer or errors. */
function useErrorFocus(form: FormRef, refusals: number, errors: ViewCard["errors"]): void {
  const handled = useRef(0);
  const isWrong = Object.keys(errors).length > 0;
  useLayoutEffect(() => {
    if (refusals === handled.current || !isWrong) return;
    handled.current = refusals;
    const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    (wrong?.querySelector<HTMLElement>("input") ?? wrong)?.focus();
  }, [form, refusals, isWrong]);
}
