import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { objectsOf, textOf } from "../../../slack-simulator/json.ts";
import { useConfirm } from "../modal/confirm.tsx";
import { TextObject } from "../text/text-object.tsx";
import { type ElementProps, tiesOf, useDeeds } from "./deeds.ts";
import { type Choice, chosenOf, heldBy, ownChoices, valueObject } from "./values.ts";

/** Checkboxes or radio buttons. */
export function Choices(props: ElementProps): JSX.Element {
  const { element, field } = props;
  const { enter } = useDeeds();
  const { confirmed, dialog } = useConfirm();
  const type = textOf(element.type);
  const isRadio = type === "radio_buttons";
  const [held, setHeld] = useState(() => heldBy(element, props.value));
  const [refused, setRefused] = useState(0);
  const chosen = new Set(chosenOf(held, []).map(({ key }) => key));
  const all = ownChoices(element);

  async function choose(choice: Choice, isOn: boolean): Promise<void> {
    if (!(await confirmed(element.confirm))) {
      // The browser has ticked the box already: it is drawn anew as it was.
      setRefused((count) => count + 1);
      return;
    }
    const next = all.filter(({ key }) => (key === choice.key ? isOn : chosen.has(key)));
    const value = isRadio ? choice.held : next.map((one) => one.held);
    setHeld(value);
    enter(props, valueObject(type, value));
  }

  // A plain group can be neither wrong nor required: its boxes are.
  const { "aria-invalid": isInvalid, "aria-required": isRequired, ...ties } = tiesOf(field);
  const role = isRadio
    ? { role: "radiogroup" as const, "aria-invalid": isInvalid, "aria-required": isRequired }
    : { role: "group" as const };
  return (
    <div {...ties} {...role} class="bk-choices">
      {all.map((choice, index) => {
        const option = objectsOf(element.options)[index] ?? {};
        return (
          <label key={`${choice.key} ${refused}`} class="bk-choice">
            <input
              type={isRadio ? "radio" : "checkbox"}
              name={field.id}
              checked={chosen.has(choice.key)}
              aria-invalid={isRadio ? undefined : isInvalid}
              onChange={(event) => void choose(choice, event.currentTarget.checked)}
            />
            <span>
              <TextObject of={option.text} />
              {option.description !== undefined && (
                <span class="bk-choice-about">
                  <TextObject of={option.description} />
                </span>
              )}
            </span>
          </label>
        );
      })}
      {dialog}
    </div>
  );
}
