import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { isObject, objectsOf, textOf } from "../../../slack-simulator/json.ts";
import { TextObject } from "../text/text-object.tsx";
import type { BlockProps } from "./block-props.ts";
import { Element, elementKey } from "./element.tsx";

/** A section: a text, fields in two columns, and an element beside them, which the text names. */
export function Section({ block, blockId, place, values }: BlockProps): JSX.Element {
  const id = useId();
  const fields = objectsOf(block.fields);
  const { accessory } = block;
  const actionId = isObject(accessory) ? textOf(accessory.action_id) : "";
  return (
    <div class="bk-section">
      <div class="bk-section-text">
        {block.text !== undefined && (
          <div id={`${id}-text`}>
            <TextObject of={block.text} />
          </div>
        )}
        {fields.length > 0 && (
          <div class="bk-fields">
            {fields.map((field, index) => (
              <TextObject key={index} of={field} />
            ))}
          </div>
        )}
      </div>
      {isObject(accessory) && (
        <div class={`bk-accessory bk-accessory-${textOf(accessory.type)}`}>
          <Element
            key={elementKey(accessory)}
            element={accessory}
            place={place}
            blockId={blockId}
            actionId={actionId}
            value={values[actionId]}
            field={{
              id: `${id}-element`,
              labelledBy: block.text === undefined ? undefined : `${id}-text`,
              label: actionId,
              describedBy: undefined,
              isInvalid: false,
              isRequired: false,
            }}
            tellsApp
          />
        </div>
      )}
    </div>
  );
}
