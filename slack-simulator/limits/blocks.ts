import { isObject, objectOf, objectsOf, textOf } from "../json.ts";
import { all, anything, array, boolean, broken, byType, object, optional, string } from "./check.ts";
import type { Check, Violation } from "./check.ts";
import { anyText, elements, plainText } from "./elements.ts";

type Surface = "message" | "modal" | "home";

const SELECTS = ["static", "external", "users", "channels", "conversations"].flatMap((kind) => [
  `${kind}_select`,
  `multi_${kind}_select`,
]);
const PICKERS = ["datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons", ...SELECTS];
const TYPED = [
  "plain_text_input",
  "email_text_input",
  "url_text_input",
  "number_input",
  "rich_text_input",
  "file_input",
];

const accessory = only("button", "workflow_button", "image", "overflow", ...PICKERS);
const actionElement = only("button", "workflow_button", "overflow", "rich_text_input", ...PICKERS);
const inputElement = only(...PICKERS, ...TYPED);
const contextElement = byType({ image: image(), plain_text: anyText(), mrkdwn: anyText() });
const common = { type: anything, block_id: optional(string({ max: 255 })) };

const section = all(
  object({
    ...common,
    text: optional(anyText(3000)),
    fields: optional(array(anyText(2000), { min: 1, max: 10 })),
    accessory: optional(accessory),
    expand: optional(boolean),
  }),
  (value, pointer) => {
    const { text, fields } = objectOf(value);
    return isObject(text) || Array.isArray(fields)
      ? []
      : broken(pointer, "missing required field: text or fields");
  },
);

const actions = all(
  object({ ...common, elements: array(actionElement, { min: 1, max: 25 }) }),
  (value, pointer) =>
    duplicates(objectsOf(objectOf(value).elements).map((element) => textOf(element.action_id))).flatMap(
      (id) => broken(`${pointer}/elements`, `\`action_id\` "${id}" already exists for another element`),
    ),
);

const richText = object({
  ...common,
  elements: array(
    byType({
      rich_text_section: anything,
      rich_text_list: anything,
      rich_text_preformatted: anything,
      rich_text_quote: anything,
    }),
    { min: 1 },
  ),
});

const input = object({
  ...common,
  label: plainText(2000),
  element: inputElement,
  hint: optional(plainText(2000)),
  optional: optional(boolean),
  dispatch_action: optional(boolean),
});

const imageBlock = object({
  ...common,
  alt_text: string({ min: 1, max: 2000 }),
  image_url: optional(string({ min: 1, max: 3000 })),
  slack_file: optional(anything),
  title: optional(plainText(2000)),
});

const everywhere: Readonly<Record<string, Check>> = {
  section,
  actions,
  input,
  rich_text: richText,
  header: object({ ...common, text: plainText(150), level: optional(anything) }),
  context: object({ ...common, elements: array(contextElement, { min: 1, max: 10 }) }),
  divider: object(common),
  image: imageBlock,
  video: anything,
};

const inMessages: Readonly<Record<string, Check>> = {
  ...everywhere,
  markdown: object({ ...common, text: string({ min: 1, max: 12_000 }) }),
  table: object({
    ...common,
    rows: array(array(anything, { min: 1, max: 20 }), { min: 1, max: 100 }),
    column_settings: optional(array(anything, { max: 20 })),
  }),
  // Newer kinds that Hallpass does not send: let through unjudged.
  ...Object.fromEntries(
    [
      "alert",
      "call",
      "card",
      "carousel",
      "container",
      "context_actions",
      "data_table",
      "file",
      "plan",
      "task_card",
    ].map((type) => [type, anything]),
  ),
};

/** Every rule the blocks of a message or view break; at most 50 blocks in a message, 100 in a view. */
export function blockViolations(
  blocks: unknown,
  surface: Surface,
  pointer = "/blocks",
): readonly Violation[] {
  const kinds = byType(surface === "message" ? inMessages : everywhere);
  const found = array(kinds, { max: surface === "message" ? 50 : 100 })(blocks, pointer);
  const ids = objectsOf(blocks).map((block) => textOf(block.block_id));
  const repeated = duplicates(ids).flatMap((id) =>
    broken(pointer, `\`block_id\` "${id}" already exists for another block`),
  );
  const markdown = objectsOf(blocks)
    .filter((block) => block.type === "markdown")
    .reduce((sum, block) => sum + textOf(block.text).length, 0);
  const tooMuch = markdown > 12_000 ? broken(pointer, "markdown blocks exceed 12000 characters in all") : [];
  return [...found, ...repeated, ...tooMuch];
}

function only(...types: readonly string[]): Check {
  return byType(Object.fromEntries(types.map((type) => [type, elements[type] ?? anything])));
}

function image(): Check {
  return elements.image ?? anything;
}

function duplicates(ids: readonly string[]): readonly string[] {
  const given = ids.filter((id) => id !== "");
  return [...new Set(given.filter((id, index) => given.indexOf(id) !== index))];
}
