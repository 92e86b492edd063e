import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { tiesOf, type FieldTies } from "./deeds.ts";
import { Listbox } from "./listbox.tsx";
import { Popover } from "./popover.tsx";
import type { Choice } from "./values.ts";

export interface ComboboxProps {
  readonly field: FieldTies;
  readonly placeholder: string;
  /** What the list shows now, already filtered. */
  readonly choices: readonly Choice[];
  readonly chosen: readonly Choice[];
  readonly isMulti: boolean;
  /** Instead of choices: that nothing matches, that it is searched. */
  readonly note: string;
  /** Typing is of no use for a handful of choices; a phone then keeps its keyboard away. */
  readonly isShort: boolean;
  readonly onType: (typed: string) => void;
  readonly onChoose: (choice: Choice) => void;
  readonly onRemove: (choice: Choice) => void;
}

/**
 * A select one can type into: the ARIA editable combobox with a listbox.
 * https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */
export function Combobox(props: ComboboxProps): JSX.Element {
  const { field, placeholder, choices, chosen, isMulti, note } = props;
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const at = Math.max(0, Math.min(active, choices.length - 1));
  const single = isMulti ? undefined : chosen[0];

  function type(text: string): void {
    setTyped(text);
    setActive(0);
    props.onType(text);
  }

  function open(): void {
    if (isOpen) return;
    setOpen(true);
    type("");
    setActive(
      Math.max(
        0,
        choices.findIndex(({ key }) => key === single?.key),
      ),
    );
  }

  function close(): void {
    setOpen(false);
    setTyped("");
  }

  function choose(choice: Choice): void {
    props.onChoose(choice);
    if (!isMulti) close();
    else if (typed !== "") type("");
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Tab") return close();
    if (event.key === "Backspace" && isMulti && typed === "") {
      const last = chosen.at(-1);
      if (last !== undefined) props.onRemove(last);
      return;
    }
    if (!isOpen) {
      if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
      event.preventDefault();
      return open();
    }
    switch (event.key) {
      case "ArrowDown":
        setActive(Math.min(at + 1, choices.length - 1));
        break;
      case "ArrowUp":
        setActive(Math.max(at - 1, 0));
        break;
      case "Home":
        setActive(0);
        break;
      case "End":
        setActive(choices.length - 1);
        break;
      case "Enter":
        if (choices[at] !== undefined) choose(choices[at]);
        break;
      case "Escape":
        close();
        break;
      default:
        return;
    }
    // Neither a form's submission nor a modal's closing, and no caret that jumps.
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      ref={box}
      class="bk-select"
      // A press anywhere in the box must not take the focus from its input.
      onMouseDown={(event) => {
        if (event.target === input.current) return;
        event.preventDefault();
        input.current?.focus();
      }}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("button") !== null) return;
        if (isOpen && event.target !== input.current) close();
        else open();
      }}
    >
      {isMulti &&
        chosen.map((choice) => (
          <span key={choice.key} class="bk-chip">
            <bdi>{choice.text}</bdi>
            <button type="button" aria-label={`Remove ${choice.text}`} onClick={() => props.onRemove(choice)}>
              ✕
            </button>
          </span>
        ))}
      <input
        ref={input}
        {...tiesOf(field)}
        class="bk-select-input"
        role="combobox"
        type="text"
        autocomplete="off"
        spellcheck={false}
        inputMode={props.isShort ? "none" : undefined}
        dir="auto"
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={isOpen && choices.length > 0 ? `${listId}-${at}` : undefined}
        placeholder={isMulti && chosen.length > 0 ? "" : (single?.text ?? placeholder)}
        value={isOpen ? typed : (single?.text ?? "")}
        onInput={(event) => {
          if (!isOpen) {
            setOpen(true);
          }
          type(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <span class="bk-chevron" aria-hidden="true" />
      {isOpen && (
        <Popover anchor={box} minWidth={220}>
          <Listbox
            id={listId}
            label={field.label || placeholder}
            choices={choices}
            chosenKeys={chosen.map(({ key }) => key)}
            isMulti={isMulti}
            active={at}
            onChoose={choose}
          />
          {note !== "" && <div class="bk-note">{note}</div>}
        </Popover>
      )}
      <span class="bk-hidden" role="status">
        {isOpen ? note || `${choices.length} ${choices.length === 1 ? "option" : "options"}` : ""}
      </span>
    </div>
  );
}
