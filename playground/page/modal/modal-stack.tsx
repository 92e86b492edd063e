import type { JSX } from "preact";
import { useCallback, useLayoutEffect, useRef } from "preact/hooks";
import type { ViewCard } from "../../protocol.ts";
import { ModalForm } from "./modal-form.tsx";

/** The person's open modals: the one on top, as a dialog that keeps the focus until the last is closed. */
export function ModalStack({ views }: { readonly views: readonly ViewCard[] }): JSX.Element | null {
  const top = views.at(-1);
  return top === undefined ? null : <Modal view={top} isStacked={views.length > 1} />;
}

/** One dialog for the whole stack: opened once, it remembers where the focus was before the first modal. */
function Modal({ view, isStacked }: { readonly view: ViewCard; readonly isStacked: boolean }): JSX.Element {
  const dialog = useRef<HTMLDialogElement | null>(null);
  const before = useRef<Element | null>(null);
  // Refs are set before any layout effect runs: the form inside focuses its first field in a dialog that is open.
  const open = useCallback((element: HTMLDialogElement | null) => {
    dialog.current = element;
    if (element === null) return;
    before.current = document.activeElement;
    element.showModal();
  }, []);
  useLayoutEffect(
    () => () => {
      dialog.current?.close();
      // The browser gives the focus back by itself only where it is on what could still take it.
      const { current } = before;
      if (current instanceof HTMLElement && current.isConnected) current.focus({ preventScroll: true });
    },
    [],
  );
  return (
    <dialog ref={open} class="md md-modal" aria-labelledby="modal-title" tabIndex={-1}>
      <ModalForm key={view.id} view={view} isStacked={isStacked} dialog={dialog} />
    </dialog>
  );
}
