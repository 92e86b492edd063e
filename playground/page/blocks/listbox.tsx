import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Choice } from "./values.ts";

export interface ListboxProps {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosenKeys: readonly string[];
  readonly isMulti: boolean;
  /** The index of the choice that Enter takes. */
  readonly active: number;
  readonly onChoose: (choice: Choice) => void;
}

/** The list of a combobox: the focus stays in the combobox, the active option is only told. */
export function Listbox({
  id,
  label,
  choices,
  chosenKeys,
  isMulti,
  active,
  onChoose,
}: ListboxProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const scroller = list.current;
    const option = list.current?.querySelector<HTMLElement>("[data-active]");
    // Not scrollIntoView: that would also move the page and the modal.
    if (!scroller || !option) return;
    const box = option.getBoundingClientRect();
    const around = scroller.getBoundingClientRect();
    if (box.top < around.top) scroller.scrollTop -= around.top - box.top;
    else if (box.bottom > around.bottom) scroller.scrollTop += box.bottom - around.bottom;
  }, [active, choices]);

  const groups = [...new Set(choices.map(({ group }) => group))];
  const options = (group: string): readonly (JSX.Element | null)[] =>
    choices.map((choice, index) =>
      choice.group !== group ? null : (
        <div
          key={choice.key}
          id={`${id}-${index}`}
          role="option"
          class="bk-option"
          data-active={index === active ? "" : undefined}
          aria-selected={chosenKeys.includes(choice.key)}
          onClick={(event) => {
            event.stopPropagation();
            onChoose(choice);
          }}
        >
          <bdi>{choice.text}</bdi>
          {choice.description !== "" && <span class="bk-option-about">{choice.description}</span>}
        </div>
      ),
    );

  return (
    <div
      ref={list}
      id={id}
      role="listbox"
      class="bk-list"
      aria-label={label || "Options"}
      aria-multiselectable={isMulti ? "true" : undefined}
    >
      {groups.map((group, index) =>
        group === "" ? (
          options(group)
        ) : (
          <div key={`group ${group}`} role="group" aria-labelledby={`${id}-group-${index}`}>
            <div id={`${id}-group-${index}`} class="bk-group" role="presentation">
              {group}
            </div>
            {options(group)}
          </div>
        ),
      )}
    </div>
  );
}
