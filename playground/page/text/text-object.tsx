import type { JSX } from "preact";
import { isObject, type Json } from "../../../slack-simulator/json.ts";
import { textObject } from "../../../slack-simulator/visible-text.ts";
import { Mrkdwn } from "./mrkdwn.tsx";
import { plainText } from "./plain-text.ts";

/** A text object: mrkdwn rendered, plain text as it is but for its emoji. */
export function TextObject({ of }: { readonly of: Json }): JSX.Element {
  if (isObject(of) && of.type === "mrkdwn") return <Mrkdwn text={textObject(of)} />;
  return (
    <span class="mk-plain" dir="auto">
      {plainText(of)}
    </span>
  );
}
