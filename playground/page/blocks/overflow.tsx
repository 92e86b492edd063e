import type { JSX } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { objectsOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { useConfirm } from "../modal/confirm.tsx";
import { plainText } from "../text/plain-text.ts";
import { openUrl, useBusy } from "./button.tsx";
import { type ElementProps, useDeeds } from "./deeds.ts";
import { Popover } from "./popover.tsx";

/** The ⋯ menu. */
export function Overflow(props: ElementProps): JSX.Element {
  const { element, field } = props;
  const { press } = useDeeds();
  const { confirmed, dialog } = useConfirm();
  const { isBusy, whileBusy } = useBusy();
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const menuId = useId();

  function close(): void {
    setOpen(false);
    anchor.current?.focus();
  }

  async function choose(option: JsonObject): Promise<void> {
    close();
    if (!(await confirmed(element.confirm))) return;
    openUrl(option.url);
    whileBusy(() => press(props, { selected_option: option }));
  }

  return (
    <>
      <button
        ref={anchor}
        type="button"
        id={field.id}
        class="bk-button bk-more"
        aria-label="More actions"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? menuId : undefined}
        aria-busy={isBusy ? "true" : undefined}
        aria-disabled={isBusy ? "true" : undefined}
        // Else the press would take the focus from the menu, close it, and its click open it again.
        onMouseDown={(event) => isOpen && event.preventDefault()}
        onClick={() => !isBusy && setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || isBusy) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        ⋯
      </button>
      {isOpen && (
        <Popover anchor={anchor} minWidth={200}>
          <Menu
            id={menuId}
            options={objectsOf(element.options)}
            choose={(option) => void choose(option)}
            leave={() => setOpen(false)}
            close={close}
          />
        </Popover>
      )}
      {dialog}
    </>
  );
}

interface MenuProps {
  readonly id: string;
  readonly options: readonly JsonObject[];
  readonly choose: (option: JsonObject) => void;
  /** Closes without moving the focus, which is already elsewhere. */
  readonly leave: () => void;
  readonly close: () => void;
}

function Menu({ id, options, choose, leave, close }: MenuProps): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => items(menu.current)[0]?.focus(), []);

  function onKeyDown(event: KeyboardEvent): void {
    const all = items(menu.current);
    const at = all.findIndex((item) => item === document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    if (event.key === "Tab") return;
    if (next === undefined && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== undefined) all[next % all.length]?.focus();
  }

  return (
    <div
      ref={menu}
      id={id}
      role="menu"
      aria-label="More actions"
      class="bk-list"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!(event.relatedTarget instanceof Node && menu.current?.contains(event.relatedTarget))) leave();
      }}
    >
      {options.map((option, index) => (
        <button
          key={index}
          type="button"
          role="menuitem"
          tabIndex={-1}
          class="bk-option"
          onClick={() => choose(option)}
        >
          <span>{plainText(option.text)}</span>
          {option.description !== undefined && (
            <span class="bk-option-about">{plainText(option.description)}</span>
          )}
        </button>
      ))}
    </div>
  );
}

function items(menu: HTMLElement | null): readonly HTMLElement[] {
  return menu === null ? [] : [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];
}
