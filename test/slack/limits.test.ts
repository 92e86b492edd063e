import { messageFaults } from "./limits/limits.ts";
import {
  actions,
  button,
  checksLimits,
  checksRules,
  confirm,
  many,
  mrkdwn,
  options,
  paragraph,
  plain,
  richText,
  section,
  typed,
  x,
} from "../support/block-kit.ts";

const inMessage = (...blocks: readonly object[]): readonly string[] => messageFaults({ text: "x", blocks });

checksLimits([
  ["text", (n) => messageFaults({ text: x(n) }), 4000, "text: 4001 characters, Slack allows 4000"],
  [
    "markdown_text",
    (n) => messageFaults({ markdown_text: x(n) }),
    12_000,
    "markdown_text: 12001 characters, Slack allows 12000",
  ],
  [
    "blocks of a message",
    (n) => inMessage(...many(n, () => ({ type: "divider" }))),
    50,
    "blocks: 51 items, Slack allows 50",
  ],
  [
    "attachments",
    (n) => messageFaults({ text: "x", attachments: many(n, () => ({})) }),
    100,
    "attachments: 101 items, Slack allows 100",
  ],
  [
    "blocks as JSON",
    (n) => inMessage(richText(paragraph({ type: "text", text: x(n - 103) }))),
    13_200,
    "blocks: 13201 characters of JSON, Slack allows 13200",
  ],
  ["block_id", (n) => inMessage(section({ block_id: x(n) })), 255, "blocks[0].block_id: 256 characters"],
  ["section text", (n) => inMessage(section({ text: mrkdwn(n) })), 3000, "blocks[0].text.text: 3001"],
  [
    "section fields",
    (n) => inMessage(section({ fields: many(n, () => plain(1)) })),
    10,
    "blocks[0].fields: 11",
  ],
  ["a field", (n) => inMessage(section({ fields: [plain(n)] })), 2000, "blocks[0].fields[0].text: 2001"],
  ["header", (n) => inMessage({ type: "header", text: plain(n) }), 150, "blocks[0].text.text: 151"],
  [
    "context elements",
    (n) => inMessage({ type: "context", elements: many(n, () => mrkdwn(1)) }),
    10,
    "blocks[0].elements: 11 items",
  ],
  [
    "actions elements",
    (n) => inMessage(actions(...many(n, (index) => button({ action_id: String(index) })))),
    25,
    "blocks[0].elements: 26 items",
  ],
  [
    "image alt_text",
    (n) => inMessage({ type: "image", image_url: "https://a.example/b.png", alt_text: x(n) }),
    2000,
    "blocks[0].alt_text: 2001",
  ],
  [
    "image_url",
    (n) => inMessage({ type: "image", image_url: x(n), alt_text: "x" }),
    3000,
    "blocks[0].image_url: 3001",
  ],
  ["markdown block", (n) => inMessage({ type: "markdown", text: x(n) }), 12_000, "blocks[0].text: 12001"],
  [
    "Markdown in all",
    (n) => inMessage(...[6000, n - 6000].map((length) => ({ type: "markdown", text: x(length) }))),
    12_000,
    "blocks: 12001 characters of Markdown in all",
  ],
  [
    "table rows",
    (n) => inMessage({ type: "table", rows: many(n, () => [{ type: "raw_text", text: "x" }]) }),
    100,
    "blocks[0].rows: 101 items",
  ],
  [
    "table columns",
    (n) => inMessage({ type: "table", rows: [many(n, () => ({ type: "raw_text", text: "x" }))] }),
    20,
    "blocks[0].rows[0]: 21 items",
  ],
  [
    "button text",
    (n) => inMessage(actions(button({ text: plain(n) }))),
    75,
    "blocks[0].elements[0].text.text: 76 characters, Slack allows 75",
  ],
  ["button value", (n) => inMessage(actions(button({ value: x(n) }))), 2000, "elements[0].value: 2001"],
  ["button url", (n) => inMessage(actions(button({ url: x(n) }))), 3000, "elements[0].url: 3001"],
  ["action_id", (n) => inMessage(actions(button({ action_id: x(n) }))), 255, "elements[0].action_id: 256"],
  [
    "accessibility_label",
    (n) => inMessage(actions(button({ accessibility_label: x(n) }))),
    75,
    "elements[0].accessibility_label: 76",
  ],
  ...(
    [
      ["title", 100],
      ["text", 300],
      ["confirm", 30],
      ["deny", 30],
    ] as const
  ).map(
    ([part, most]) =>
      [
        `the ${part} of a confirmation`,
        (n: number) => inMessage(actions(button({ confirm: confirm({ [part]: plain(n) }) }))),
        most,
        `elements[0].confirm.${part}.text: ${most + 1}`,
      ] as const,
  ),
  [
    "overflow options",
    (n) => inMessage(actions({ type: "overflow", options: options(n) })),
    5,
    "elements[0].options: 6 items",
  ],
  ...["checkboxes", "radio_buttons"].map(
    (type) =>
      [
        type,
        (n: number) => inMessage(actions({ type, options: options(n) })),
        10,
        "elements[0].options: 11 items",
      ] as const,
  ),
]);

checksRules([
  ["no text beside blocks", messageFaults({ blocks: [section()] }), "text: missing or blank"],
  ["a blank text", messageFaults({ text: " ", blocks: [section()] }), "text: missing or blank"],
  [
    "markdown_text beside text",
    messageFaults({ text: "x", markdown_text: "x" }),
    "markdown_text: beside text",
  ],
  ["no message at all", messageFaults("x"), 'it: Slack wants an object, got "x"'],
  ["an unknown block", inMessage({ type: "carousel" }), 'blocks[0].type: "carousel", Slack allows actions,'],
  ["an empty section", inMessage({ type: "section" }), "blocks[0]: neither text nor fields"],
  ["an empty text", inMessage(section({ text: plain(0) })), "blocks[0].text.text: 0 characters"],
  ["no elements in actions", inMessage(actions()), "blocks[0].elements: 0 items, Slack wants at least 1"],
  ["mrkdwn in a header", inMessage({ type: "header", text: mrkdwn(1) }), 'blocks[0].text.type: "mrkdwn"'],
  ["mrkdwn on a button", inMessage(actions(button({ text: mrkdwn(1) }))), 'elements[0].text.type: "mrkdwn"'],
  [
    "two blocks of one id",
    inMessage(section({ block_id: "a" }), section({ block_id: "a" })),
    'blocks[1].block_id: "a", as in blocks[0]',
  ],
  [
    "two actions of one id in a block",
    inMessage(actions(button(), button())),
    'blocks[0].elements[1].action_id: "a", as in blocks[0].elements[0]',
  ],
  ["a style of our own", inMessage(actions(button({ style: "green" }))), 'elements[0].style: "green"'],
  ["a text input among buttons", inMessage(actions(typed({}))), 'elements[0].type: "plain_text_input"'],
  ["an unknown part of rich text", inMessage(richText({ type: "p" })), 'blocks[0].elements[0].type: "p"'],
  [
    "an unknown element of rich text",
    inMessage(richText(paragraph({ type: "html", text: "x" }))),
    'blocks[0].elements[0].elements[0].type: "html"',
  ],
  [
    "an empty text in rich text",
    inMessage(richText(paragraph({ type: "text", text: "" }))),
    "elements[0].elements[0].text: 0 characters",
  ],
  [
    "a list of texts",
    inMessage(richText({ type: "rich_text_list", style: "bullet", elements: [{ type: "text", text: "x" }] })),
    'blocks[0].elements[0].elements[0].type: "text", Slack allows rich_text_section',
  ],
  [
    "a date in fractions of a second",
    inMessage(richText(paragraph({ type: "date", timestamp: 1.5, format: "{time}" }))),
    "elements[0].elements[0].timestamp: 1.5",
  ],
]);

it("takes what Slack takes", () => {
  expect(messageFaults({ text: "x" })).toEqual([]);
  expect(
    inMessage(
      { type: "divider" },
      { type: "context", elements: [mrkdwn(3), { type: "image", image_url: "u", alt_text: "a" }] },
      section({ accessory: button() }),
      richText(
        paragraph(
          { type: "text", text: "a", style: { bold: true } },
          { type: "user", user_id: "U1" },
          { type: "link", url: "https://example.com" },
          { type: "date", timestamp: 1_700_000_000, format: "{time}", fallback: "then" },
        ),
        { type: "rich_text_quote", elements: [] },
        { type: "rich_text_preformatted", elements: [{ type: "text", text: "a" }] },
        { type: "rich_text_list", style: "bullet", elements: [paragraph({ type: "emoji", name: "a" })] },
      ),
    ),
  ).toEqual([]);
});

it("names every fault, not the first only", () => {
  expect(inMessage(actions(button({ text: plain(81) })), { type: "header", text: plain(151) })).toEqual([
    "blocks[0].elements[0].text.text: 81 characters, Slack allows 75",
    "blocks[1].text.text: 151 characters, Slack allows 150",
  ]);
});
