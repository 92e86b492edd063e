import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { objectOf, textOf } from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";
import type { BlockProps } from "./block-props.ts";
import { Element, elementKey } from "./element.tsx";

/** A labelled field of a form with its hint and its error. */
export function InputBlock({ block, blockId, place, values, error }: BlockProps): JSX.Element {
  const id = useId();
  const element = objectOf(block.element);
  const actionId = textOf(element.action_id);
  const hint = plainText(block.hint);
  const described = [error === undefined ? "" : `${id}-error`, hint === "" ? "" : `${id}-hint`];
  const label = plainText(block.label);
  return (
    <div class={error === undefined ? "bk-field" : "bk-field bk-field-wrong"}>
      <label id={`${id}-label`} class="bk-label" for={`${id}-element`} dir="auto">
        {label}
        {block.optional === true && <span class="bk-optional"> (optional)</span>}
      </label>
      <Element
        key={elementKey(element)}
        element={element}
        place={place}
        blockId={blockId}
        actionId={actionId}
        value={values[actionId]}
        field={{
          id: `${id}-element`,
          labelledBy: `${id}-label`,
          label,
          describedBy: described.filter(Boolean).join(" ") || undefined,
          isInvalid: error !== undefined,
          isRequired: block.optional !== true,
        }}
        tellsApp={block.dispatch_action === true}
      />
      {error !== undefined && (
        <div id={`${id}-error`} class="bk-error">
          {error}
        </div>
      )}
      {hint !== "" && (
        <div id={`${id}-hint`} class="bk-hint" dir="auto">
          {hint}
        </div>
      )}
    </div>
  );
}
