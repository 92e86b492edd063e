import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Place, Values } from "../../protocol.ts";
import { isObject, objectOf, objectsOf, textOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { useLooking } from "../context.ts";
import { fromMarkdown } from "../text/from-markdown.ts";
import { Mrkdwn } from "../text/mrkdwn.tsx";
import { plainText } from "../text/plain-text.ts";
import { RichText } from "../text/rich-text.tsx";
import { TextObject } from "../text/text-object.tsx";
import type { BlockProps } from "./block-props.ts";
import { Element, elementKey } from "./element.tsx";
import { Image } from "./image.tsx";
import { InputBlock } from "./input-block.tsx";
import { Section } from "./section.tsx";
import { Unknown } from "./unknown.tsx";

export interface BlocksProps {
  readonly blocks: readonly JsonObject[];
  readonly place: Place;
  readonly values: Values;
  /** By block id, shown under the field. */
  readonly errors?: Readonly<Record<string, string>>;
}

/** Block Kit, as the person sees and uses it. */
export function Blocks({ blocks, place, values, errors = {} }: BlocksProps): JSX.Element {
  const { me } = useLooking();
  const where = [me, ...Object.values(place)].join(" ");
  return (
    <div class="bk">
      {blocks.map((block, index) => {
        const blockId = textOf(block.block_id);
        return (
          <Block
            key={`${where} ${textOf(block.type)} ${blockId || index}`}
            block={block}
            blockId={blockId}
            place={place}
            values={values[blockId] ?? {}}
            error={errors[blockId]}
          />
        );
      })}
    </div>
  );
}

function Block(props: BlockProps): JSX.Element {
  const { block } = props;
  const type = textOf(block.type);
  switch (type) {
    case "header":
      return (
        <h3 class="bk-header" dir="auto">
          {plainText(block.text)}
        </h3>
      );
    case "section":
      return <Section {...props} />;
    case "divider":
      return <hr class="bk-divider" />;
    case "context":
      return <Context block={block} />;
    case "actions":
    case "context_actions":
      return <Actions {...props} />;
    case "input":
      return <InputBlock {...props} />;
    case "rich_text":
      return <RichText block={block} />;
    case "image":
      return <Image image={block} size="large" />;
    case "markdown":
      return <Mrkdwn text={fromMarkdown(textOf(block.text))} />;
    case "file":
      return <div class="bk-image-card">📄 {textOf(block.external_id) || "File"}</div>;
    default:
      return <Unknown what={`${type || "nameless"} block`} />;
  }
}

function Context({ block }: { readonly block: JsonObject }): JSX.Element {
  return (
    <div class="bk-context">
      {objectsOf(block.elements).map((element, index) =>
        element.type === "image" ? (
          <Image key={index} image={element} size="small" />
        ) : (
          <TextObject key={index} of={element} />
        ),
      )}
    </div>
  );
}

function Actions({ block, blockId, place, values }: BlockProps): JSX.Element {
  const id = useId();
  return (
    <div class="bk-actions">
      {objectsOf(block.elements).map((element) => {
        const actionId = textOf(element.action_id);
        return (
          <div key={elementKey(element)} class={`bk-action bk-action-${textOf(element.type)}`}>
            <Element
              element={element}
              place={place}
              blockId={blockId}
              actionId={actionId}
              value={isObject(values[actionId]) ? values[actionId] : undefined}
              field={{
                id: `${id}-${actionId}`,
                labelledBy: undefined,
                label: plainText(objectOf(element.placeholder)) || actionId,
                describedBy: undefined,
                isInvalid: false,
                isRequired: false,
              }}
              tellsApp
            />
          </div>
        );
      })}
    </div>
  );
}
