import { assert, jsonValue, property } from "fast-check";
import { messageViolations, suggestionViolations, viewViolations } from "../../slack-simulator/limits.ts";

const text = (length: number, type = "plain_text"): object => ({ type, text: "x".repeat(length) });
const option = (length = 5, value = "v"): object => ({ text: text(length), value });
const button = (changes: object = {}): object => ({
  type: "button",
  action_id: "a",
  text: text(5),
  ...changes,
});
const actions = (...elements: readonly object[]): object => ({ type: "actions", elements });
const input = (element: object): object => ({ type: "input", label: text(5), element });
const modal = (changes: object = {}): object => ({
  type: "modal",
  title: text(24),
  submit: text(24),
  blocks: [],
  ...changes,
});

/** Just inside the limit, just outside, and how Slack words it. */
const blockLimits: readonly (readonly [string, object, object, string])[] = [
  [
    "section text",
    { type: "section", text: text(3000, "mrkdwn") },
    { type: "section", text: text(3001, "mrkdwn") },
    "/blocks/0/text/text must be less than 3001 characters",
  ],
  [
    "empty section text",
    { type: "section", text: text(1) },
    { type: "section", text: text(0) },
    "/blocks/0/text/text must be more than 0 characters",
  ],
  [
    "section fields",
    { type: "section", fields: Array(10).fill(text(2000)) },
    { type: "section", fields: Array(11).fill(text(1)) },
    "/blocks/0/fields no more than 10 items allowed",
  ],
  [
    "section field",
    { type: "section", fields: [text(2000)] },
    { type: "section", fields: [text(2001)] },
    "/blocks/0/fields/0/text must be less than 2001 characters",
  ],
  [
    "header",
    { type: "header", text: text(150) },
    { type: "header", text: text(151) },
    "/blocks/0/text/text must be less than 151 characters",
  ],
  [
    "header in mrkdwn",
    { type: "header", text: text(1) },
    { type: "header", text: text(1, "mrkdwn") },
    '/blocks/0/text/type must be a valid enum value (plain_text), got "mrkdwn"',
  ],
  [
    "context",
    { type: "context", elements: Array(10).fill(text(1)) },
    { type: "context", elements: Array(11).fill(text(1)) },
    "/blocks/0/elements no more than 10 items allowed",
  ],
  [
    "actions",
    actions(...Array.from({ length: 25 }, (_, i) => button({ action_id: `${i}` }))),
    actions(...Array.from({ length: 26 }, (_, i) => button({ action_id: `${i}` }))),
    "/blocks/0/elements no more than 25 items allowed",
  ],
  [
    "action ids",
    actions(button(), button({ action_id: "b" })),
    actions(button(), button()),
    '/blocks/0/elements `action_id` "a" already exists for another element',
  ],
  [
    "button text",
    actions(button({ text: text(75) })),
    actions(button({ text: text(76) })),
    "/blocks/0/elements/0/text/text must be less than 76 characters",
  ],
  [
    "button value",
    actions(button({ value: "v".repeat(2000) })),
    actions(button({ value: "v".repeat(2001) })),
    "/blocks/0/elements/0/value must be less than 2001 characters",
  ],
  [
    "button style",
    actions(button({ style: "danger" })),
    actions(button({ style: "default" })),
    '/blocks/0/elements/0/style must be a valid enum value (primary, danger), got "default"',
  ],
  [
    "action id",
    actions(button({ action_id: "i".repeat(255) })),
    actions(button({ action_id: "i".repeat(256) })),
    "/blocks/0/elements/0/action_id must be less than 256 characters",
  ],
  [
    "block id",
    { type: "divider", block_id: "i".repeat(255) },
    { type: "divider", block_id: "i".repeat(256) },
    "/blocks/0/block_id must be less than 256 characters",
  ],
  [
    "overflow",
    actions({ type: "overflow", options: Array(5).fill(option()) }),
    actions({ type: "overflow", options: Array(6).fill(option()) }),
    "/blocks/0/elements/0/options no more than 5 items allowed",
  ],
  [
    "select",
    input({ type: "static_select", options: Array(100).fill(option()) }),
    input({ type: "static_select", options: Array(101).fill(option()) }),
    "/blocks/0/element/options no more than 100 items allowed",
  ],
  [
    "option text",
    input({ type: "static_select", options: [option(75)] }),
    input({ type: "static_select", options: [option(76)] }),
    "/blocks/0/element/options/0/text/text must be less than 76 characters",
  ],
  [
    "option value",
    input({ type: "static_select", options: [option(1, "v".repeat(150))] }),
    input({ type: "static_select", options: [option(1, "v".repeat(151))] }),
    "/blocks/0/element/options/0/value must be less than 151 characters",
  ],
  [
    "initial option",
    input({ type: "static_select", options: [option()], initial_option: option() }),
    input({ type: "static_select", options: [option()], initial_option: option(5, "w") }),
    "/blocks/0/element initial option must exactly match one of the provided options",
  ],
  [
    "radio buttons",
    input({ type: "radio_buttons", options: Array(10).fill(option()) }),
    input({ type: "radio_buttons", options: Array(11).fill(option()) }),
    "/blocks/0/element/options no more than 10 items allowed",
  ],
  [
    "input length",
    input({ type: "plain_text_input", max_length: 3000 }),
    input({ type: "plain_text_input", max_length: 3001 }),
    "/blocks/0/element/max_length must be at most 3000",
  ],
  [
    "an element out of place",
    input({ type: "plain_text_input" }),
    actions({ type: "plain_text_input" }),
    '/blocks/0/elements/0/type unsupported type: "plain_text_input"',
  ],
  [
    "unknown field",
    { type: "divider" },
    { type: "divider", colour: "red" },
    "/blocks/0 invalid additional property: colour",
  ],
  [
    "markdown",
    { type: "markdown", text: "x".repeat(12_000) },
    { type: "markdown", text: "x".repeat(12_001) },
    "/blocks/0/text must be less than 12001 characters",
  ],
  [
    "confirm",
    actions(button({ confirm: { title: text(100), text: text(300), confirm: text(30), deny: text(30) } })),
    actions(button({ confirm: { title: text(100), text: text(301), confirm: text(30), deny: text(30) } })),
    "/blocks/0/elements/0/confirm/text/text must be less than 301 characters",
  ],
];

test.each(blockLimits)("%s: the limit itself passes, one more does not", (_what, fits, tooMuch, said) => {
  expect(messageViolations({ blocks: [fits], attachments: [] })).toEqual([]);
  const found = messageViolations({ blocks: [tooMuch], attachments: [] });
  expect(found.map(({ pointer, rule }) => `${pointer} ${rule}`)).toContain(said);
});

const dividers = (count: number): readonly object[] =>
  Array.from({ length: count }, () => ({ type: "divider" }));

test("a message holds 50 blocks with ids of their own, a view 100", () => {
  expect(messageViolations({ blocks: dividers(50), attachments: [] })).toEqual([]);
  expect(messageViolations({ blocks: dividers(51), attachments: [] })).toEqual([
    { pointer: "/blocks", rule: "no more than 50 items allowed" },
  ]);
  expect(viewViolations(modal({ blocks: dividers(100) }), "modal")).toEqual([]);
  expect(viewViolations(modal({ blocks: dividers(101) }), "modal")).toEqual([
    { pointer: "/view/blocks", rule: "no more than 100 items allowed" },
  ]);
  const twins = [
    { type: "divider", block_id: "b" },
    { type: "divider", block_id: "b" },
  ];
  expect(messageViolations({ blocks: twins, attachments: [] })).toHaveLength(1);
});

test.each([
  ["title", { title: text(25) }, "/view/title/text"],
  ["no title", { title: undefined }, "/view"],
  ["submit", { submit: text(25) }, "/view/submit/text"],
  ["private_metadata", { private_metadata: "m".repeat(3001) }, "/view/private_metadata"],
  ["callback_id", { callback_id: "c".repeat(256) }, "/view/callback_id"],
  ["an input without submit", { submit: undefined, blocks: [input({ type: "plain_text_input" })] }, "/view"],
])("a modal is refused for its %s", (_what, changes, pointer) => {
  expect(viewViolations(modal(changes), "modal").map((violation) => violation.pointer)).toEqual([pointer]);
});

test("an external select offers options or groups, not both and not neither", () => {
  expect(suggestionViolations({ options: [] })).toEqual([]);
  expect(suggestionViolations({ option_groups: [{ label: text(75), options: [option()] }] })).toEqual([]);
  expect(suggestionViolations({})).not.toEqual([]);
  expect(suggestionViolations({ options: [], option_groups: [] })).not.toEqual([]);
  expect(suggestionViolations({ options: Array(101).fill(option()) })).not.toEqual([]);
});

test("no input whatever makes the judge throw", () => {
  assert(
    property(jsonValue(), (value) => {
      const found = [
        ...messageViolations({ blocks: value, attachments: [{ blocks: value }] }),
        ...viewViolations(value, "modal"),
        ...suggestionViolations(value),
      ];
      expect(found.every(({ rule }) => rule !== "")).toBe(true);
    }),
    { numRuns: 200 },
  );
});
