import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { textOf, type Json } from "../../../slack-simulator/json.ts";
import { useLooking } from "../context.ts";
import { useConfirm } from "../modal/confirm.tsx";
import { fromLocalInput, toLocalInput } from "../text/dates.ts";
import { type ElementProps, tiesOf, useDeeds } from "./deeds.ts";
import { heldBy, valueObject } from "./values.ts";

const inputTypes: Readonly<Record<string, "date" | "time" | "datetime-local">> = {
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

/** A day, a time of day, or a moment in the viewer's own zone, by the browser's own picker. */
export function Picker(props: ElementProps): JSX.Element {
  const { element, field } = props;
  const { zone } = useLooking();
  const { enter } = useDeeds();
  const { confirmed, dialog } = useConfirm();
  const type = textOf(element.type);
  const isMoment = type === "datetimepicker";
  const [text, setText] = useState(() => {
    const held = heldBy(element, props.value);
    return isMoment && typeof held === "number" ? toLocalInput(held, zone) : textOf(held);
  });

  async function pick(picked: string): Promise<void> {
    const before = text;
    setText(picked);
    if (!(await confirmed(element.confirm))) return setText(before);
    const held: Json = isMoment ? (fromLocalInput(picked, zone) ?? null) : picked || null;
    enter(props, valueObject(type, held));
  }

  return (
    <>
      <input
        {...tiesOf(field)}
        class="bk-input bk-picker"
        type={inputTypes[type] ?? "date"}
        value={text}
        onChange={(event) => void pick(event.currentTarget.value)}
      />
      {dialog}
    </>
  );
}
