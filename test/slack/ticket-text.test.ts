import { readTicket, ticketIn } from "../../src/slack/ticket-text.ts";

const spellings = [
  "INC-42",
  "INC–42",
  "INC—42",
  "INC\u201142",
  "INC−42",
  "inc-42",
  "Inc–42",
  "“INC-42”",
  "'INC-42'",
  "`inc-42`",
  "*INC-42*",
  "(INC-42)",
  "[INC-42]",
  "INC-42.",
  "INC\u2060-42\u200B",
  "ＩＮＣ－４２",
  "<https://acme.atlassian.net/browse/INC-42|INC-42>",
  "<https://acme.atlassian.net/browse/INC-42|the shop is down>",
  "<https://tracker.example/x?id=7|inc–42>",
  "<https://acme.atlassian.net/browse/INC-42>",
  "https://acme.atlassian.net/browse/INC-42",
  "https://acme.atlassian.net/browse/INC-42?focusedCommentId=7.",
  "https://acme.atlassian.net/jira/projects/INC/boards/5?selectedIssue=INC-42",
  "https://linear.app/acme/issue/INC-42/the-top-10-is-empty",
  "https://acme.youtrack.cloud/issue/INC-42",
];

test.each(spellings)("%j is INC-42, in its field and in a reason", (text) => {
  expect(readTicket(text)).toBe("INC-42");
  expect(readTicket(` ${text} `)).toBe("INC-42");
  for (const reason of [text, `fixing ${text}`, `${text} again`, `for ${text} today`])
    expect(ticketIn(reason)).toBe("INC-42");
});

test.each([
  ["", undefined],
  [" \u200B ", undefined],
  ["#42", "#42"],
  ["INC0012345", "INC0012345"],
  ["INC-1, INC-2", "INC-1, INC-2"],
  ["https://github.com/acme/shop/issues/42", "https://github.com/acme/shop/issues/42"],
  ["https://tracker.example/blog/top-10", "https://tracker.example/blog/top-10"],
  ["call\u200B me", "call me"],
])("%j in the field for it is %j", (typed, ticket) => {
  expect(readTicket(typed)).toBe(ticket);
});

test.each([
  ["fixing nothing", undefined],
  ["see https://github.com/acme/shop/issues/42", undefined],
  ["see https://tracker.example/blog/top-10", undefined],
  ["2010–2015", undefined],
  ["mail ops-1@example.com", undefined],
  ["see web-1.example.com/inc-42", undefined],
  ["in my-inc-42 and inc-42-b", undefined],
  ["utf-8 is broken, INC-42", "INC-42"],
  ["utf-8 is broken, https://t.example/browse/INC-42", "INC-42"],
  ["INC-42—the shop is down", "INC-42"],
  ["INC-42–45", undefined],
  ["inc-42, then inc-43", "INC-42"],
])("the ticket of the reason %j is %j", (reason, ticket) => {
  expect(ticketIn(reason)).toBe(ticket);
});

test("a name that was asked for is no ticket", () => {
  expect(ticketIn("restarting web-1 for inc-42", ["web-1", "restart"])).toBe("INC-42");
  expect(ticketIn("restarting web-1", ["web-1", "restart"])).toBeUndefined();
});
