import { useEffect } from "preact/hooks";

/** What Escape may close, the topmost last; each says whether it had something to close. */
const closers: (() => boolean)[] = [];

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  // A dialog is above all of this and closes itself.
  if (document.querySelector('dialog[open], [role="dialog"][aria-modal="true"]') !== null) return;
  for (const close of closers.toReversed()) if (close()) return;
});

/** Lets Escape close something while it is on the page, unless something opened later is still there. */
export function useEscape(close: () => boolean): void {
  useEffect(() => {
    closers.push(close);
    return () => void closers.splice(closers.indexOf(close), 1);
  }, [close]);
}
