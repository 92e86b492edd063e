import type { ComponentChildren, JSX } from "preact";
import { useCallback, useLayoutEffect, useRef } from "preact/hooks";

/**
 * What hangs below (or, where there is more room, above) its anchor. A native popover is in the browser's top layer: no
 * modal's overflow cuts it, and yet it stays inside the modal, where the focus may go.
 */
export function Popover({
  anchor,
  minWidth,
  children,
}: {
  readonly anchor: { readonly current: HTMLElement | null };
  /** In pixels; else as wide as the anchor. */
  readonly minWidth: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  const popover = useRef<HTMLDivElement | null>(null);
  // Refs are set before any layout effect runs: what is inside can take the focus at once.
  const show = useCallback((element: HTMLDivElement | null) => {
    popover.current = element;
    element?.showPopover();
  }, []);

  // Each time it is drawn: the anchor may have grown.
  useLayoutEffect(() => {
    const put = (): void => {
      if (popover.current !== null && anchor.current !== null)
        hang(popover.current, anchor.current, minWidth);
    };
    put();
    window.addEventListener("scroll", put, true);
    window.addEventListener("resize", put);
    window.visualViewport?.addEventListener("resize", put);
    return () => {
      window.removeEventListener("scroll", put, true);
      window.removeEventListener("resize", put);
      window.visualViewport?.removeEventListener("resize", put);
    };
  });

  return (
    <div ref={show} popover="manual" class="bk-popover">
      {children}
    </div>
  );
}

const gap = 4;
const margin = 8;
const maxHeight = 300;

function hang(element: HTMLElement, anchor: HTMLElement, minWidth: number): void {
  const box = anchor.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const height = window.visualViewport?.height ?? window.innerHeight;
  const below = height - box.bottom - gap - margin;
  const above = box.top - gap - margin;
  const goesUp = below < Math.min(maxHeight, 200) && above > below;
  const wide = Math.min(Math.max(box.width, minWidth), width - 2 * margin);
  const { style } = element;
  style.width = `${wide}px`;
  style.left = `${Math.max(margin, Math.min(box.left, width - wide - margin))}px`;
  style.maxHeight = `${Math.max(80, Math.min(maxHeight, goesUp ? above : below))}px`;
  style.top = goesUp ? "auto" : `${box.bottom + gap}px`;
  style.bottom = goesUp ? `${window.innerHeight - box.top + gap}px` : "auto";
}
