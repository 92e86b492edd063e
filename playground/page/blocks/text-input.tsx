import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { objectOf, textOf, textsOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";
import { type ElementProps, tiesOf, useDeeds } from "./deeds.ts";
import { heldBy, valueObject } from "./values.ts";

/** Text, a number, an e-mail address or a URL, on one line or several. What is typed is the person's until they leave. */
export function TextInput(props: ElementProps & { readonly tellsApp: boolean }): JSX.Element {
  const { element, field } = props;
  const { enter } = useDeeds();
  const type = textOf(element.type);
  const [text, setText] = useState(() => textOf(heldBy(element, props.value)));
  // An app that listens hears of a text when Enter is pressed, unless it asked for each character.
  const onEnter =
    props.tellsApp &&
    !textsOf(objectOf(element.dispatch_action_config).trigger_actions_on).includes("on_character_entered");

  const most = typeof element.max_length === "number" ? element.max_length : Infinity;
  const left = most - text.length;
  const isNearEnd = left <= Math.max(most / 10, Math.min(20, most / 4));
  const counterId = `${field.id}-left`;
  const tell = (written: string): void => enter(props, valueObject(type, written === "" ? null : written));
  const common = {
    ...tiesOf({
      ...field,
      describedBy: [field.describedBy, isNearEnd ? counterId : ""].filter(Boolean).join(" ") || undefined,
    }),
    dir: "auto" as const,
    value: text,
    placeholder: plainText(element.placeholder),
    "data-focus": element.focus_on_load === true ? "" : undefined,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => {
      setText(event.currentTarget.value);
      if (!onEnter) tell(event.currentTarget.value);
    },
    onChange: (event: { readonly currentTarget: { readonly value: string } }) => {
      if (onEnter) tell(event.currentTarget.value);
    },
  };
  return (
    <div class="bk-text-input">
      {element.multiline === true ? (
        <textarea {...common} class="bk-input bk-area" rows={4} />
      ) : (
        <input
          {...common}
          class="bk-input"
          // Other types swallow or trim what is wrong; here a wrong value is to be seen and told.
          type="text"
          inputMode={keyboardOf(element)}
          autocomplete="off"
        />
      )}
      {isNearEnd && (
        <span id={counterId} class={left < 0 ? "bk-left bk-left-over" : "bk-left"} aria-live="polite">
          <span aria-hidden="true">{left}</span>
          <span class="bk-hidden">
            {left < 0 ? `${-left} characters too many` : `${left} characters left`}
          </span>
        </span>
      )}
    </div>
  );
}

/** Which keyboard a phone shows. */
function keyboardOf(element: JsonObject): "decimal" | "numeric" | "email" | "url" | undefined {
  switch (textOf(element.type)) {
    case "number_input":
      return element.is_decimal_allowed === true ? "decimal" : "numeric";
    case "email_text_input":
      return "email";
    case "url_text_input":
      return "url";
    default:
      return undefined;
  }
}
