import { optionsFaults, viewFaults } from "./limits/limits.ts";
import {
  button,
  checksLimits,
  checksRules,
  input,
  many,
  modal,
  option,
  options,
  plain,
  section,
  select,
  typed,
  x,
} from "../support/block-kit.ts";

const inModal = (...blocks: readonly object[]): readonly string[] => viewFaults(modal({ blocks }));

checksLimits([
  ["input label", (n) => inModal(input(typed({}), { label: plain(n) })), 2000, "blocks[0].label.text: 2001"],
  ["input hint", (n) => inModal(input(typed({}), { hint: plain(n) })), 2000, "blocks[0].hint.text: 2001"],
  ["options", (n) => inModal(input(select({ options: options(n) }))), 100, "element.options: 101 items"],
  [
    "option groups",
    (n) =>
      inModal(
        input({
          type: "static_select",
          option_groups: many(n, () => ({ label: plain(1), options: options(1) })),
        }),
      ),
    100,
    "element.option_groups: 101 items",
  ],
  [
    "group label",
    (n) =>
      inModal(input({ type: "static_select", option_groups: [{ label: plain(n), options: options(1) }] })),
    75,
    "element.option_groups[0].label.text: 76",
  ],
  ...(
    [
      ["text", 75, (n: number) => ({ text: plain(n) }), "text.text"],
      ["value", 150, (n: number) => ({ value: x(n) }), "value"],
      ["description", 75, (n: number) => ({ description: plain(n) }), "description.text"],
    ] as const
  ).map(
    ([part, most, make, at]) =>
      [
        `the ${part} of an option`,
        (n: number) => inModal(input(select({ options: [option(make(n))] }))),
        most,
        `element.options[0].${at}: ${most + 1}`,
      ] as const,
  ),
  [
    "placeholder",
    (n) => inModal(input(typed({ placeholder: plain(n) }))),
    150,
    "element.placeholder.text: 151",
  ],
  ["max_length", (n) => inModal(input(typed({ max_length: n }))), 3000, "element.max_length: 3001"],
  ["min_length", (n) => inModal(input(typed({ min_length: n }))), 3000, "element.min_length: 3001"],
  [
    "initial_value of its own max_length",
    (n) => inModal(input(typed({ max_length: 20, initial_value: x(n) }))),
    20,
    "element.initial_value: 21 characters, its own max_length allows 20",
  ],
  [
    "files of an input",
    (n) => inModal(input({ type: "file_input", max_files: n })),
    10,
    "element.max_files: 11",
  ],
  ...(["title", "submit", "close"] as const).map(
    (part) =>
      [
        `modal ${part}`,
        (n: number) => viewFaults(modal({ [part]: plain(n) })),
        24,
        `${part}.text: 25 characters, Slack allows 24`,
      ] as const,
  ),
  ["private_metadata", (n) => viewFaults(modal({ private_metadata: x(n) })), 3000, "private_metadata: 3001"],
  ["callback_id", (n) => viewFaults(modal({ callback_id: x(n) })), 255, "callback_id: 256"],
  ["external_id", (n) => viewFaults(modal({ external_id: x(n) })), 255, "external_id: 256"],
  [
    "blocks of a modal",
    (n) => inModal(...many(n, () => section())),
    100,
    "blocks: 101 items, Slack allows 100",
  ],
  [
    "blocks of a Home tab",
    (n) => viewFaults({ type: "home", blocks: many(n, () => section()) }),
    100,
    "blocks: 101 items, Slack allows 100",
  ],
  ["options of an answer", (n) => optionsFaults({ options: options(n) }), 100, "options: 101 items"],
  [
    "groups of an answer",
    (n) => optionsFaults({ option_groups: many(n, () => ({ label: plain(1), options: options(1) })) }),
    100,
    "option_groups: 101 items",
  ],
  [
    "bytes of a view",
    (n) => {
      const nearly = modal({ blocks: many(84, () => section({ text: plain(2900) })), private_metadata: "" });
      return viewFaults({ ...nearly, private_metadata: x(n - JSON.stringify(nearly).length) });
    },
    250_000,
    "view: 250001 bytes, Slack allows 250000",
  ],
]);

checksRules([
  ["a button as an input", inModal(input(button())), 'blocks[0].element.type: "button"'],
  ["a select without options", inModal(input({ type: "static_select" })), "0 of options, option_groups"],
  ["an empty select", inModal(input(select({ options: [] }))), "element.options: 0 items"],
  [
    "an initial option that is not offered",
    inModal(input(select({ initial_option: option({ value: "other" }) }))),
    "blocks[0].element: its initial option is not among its options",
  ],
  [
    "inputs without submit",
    viewFaults({ ...modal({ blocks: [input(typed({}))] }), submit: undefined }),
    "submit: missing",
  ],
  ["a modal without title", viewFaults({ type: "modal", blocks: [] }), "title: missing"],
  ["a view without blocks", viewFaults({ type: "home" }), "blocks: missing"],
  ["a view of no type", viewFaults({ blocks: [] }), "type: missing"],
  ["an answer without options", optionsFaults({}), "it: 0 of options, option_groups"],
]);

it("takes what Slack takes", () => {
  expect(optionsFaults({ options: [] })).toEqual([]);
  expect(inModal(input(select({ initial_option: option({ value: "0" }) })))).toEqual([]);
  expect(viewFaults({ type: "home", blocks: [] })).toEqual([]);
});
