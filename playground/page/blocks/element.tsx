import type { JSX } from "preact";
import { objectOf, textOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { Button } from "./button.tsx";
import { Choices } from "./choices.tsx";
import type { ElementProps } from "./deeds.ts";
import { FeedbackButtons, IconButton } from "./feedback.tsx";
import { Image } from "./image.tsx";
import { Overflow } from "./overflow.tsx";
import { Picker } from "./pickers.tsx";
import { Select } from "./select.tsx";
import { TextInput } from "./text-input.tsx";
import { Unknown } from "./unknown.tsx";

/** One element of a block, whatever it is. `tellsApp`: what is entered is an action, not only a field of a form. */
export function Element(props: ElementProps & { readonly tellsApp: boolean }): JSX.Element {
  const type = textOf(props.element.type);
  switch (type) {
    case "button":
    case "workflow_button":
      return <Button {...props} />;
    case "overflow":
      return <Overflow {...props} />;
    case "image":
      return <Image image={props.element} size="small" />;
    case "plain_text_input":
    case "number_input":
    case "email_text_input":
    case "url_text_input":
      return <TextInput {...props} />;
    case "checkboxes":
    case "radio_buttons":
      return <Choices {...props} />;
    case "datepicker":
    case "timepicker":
    case "datetimepicker":
      return <Picker {...props} />;
    case "feedback_buttons":
      return <FeedbackButtons {...props} />;
    case "icon_button":
      return <IconButton {...props} />;
    default:
      return type.endsWith("_select") ? <Select {...props} /> : <Unknown what={`${type} element`} />;
  }
}

/** Tells one element from another: where any of it changes, what was typed is gone and the server's value counts. */
export function elementKey(element: JsonObject): string {
  return `${textOf(element.action_id)} ${textOf(objectOf(element).type)}`;
}
