import { lineMessage } from "../../src/notify/message.ts";
import { slackMessage } from "../../src/slack/views/message.ts";

const shown = (account: string | undefined) =>
  slackMessage(lineMessage([{ email: "<ann@example.com>", account }]));

test("a person is mentioned in the message, and named by address in its notification", () => {
  expect(shown("U0ANN")).toMatchObject({
    text: "&lt;ann@example.com&gt;",
    blocks: [{ elements: [{ elements: [{ type: "user", user_id: "U0ANN" }] }] }],
  });
});

test.each([undefined, "other:7"])("who has no account in Slack is named by address (%s)", (account) => {
  expect(shown(account)).toMatchObject({
    text: "&lt;ann@example.com&gt;",
    blocks: [{ elements: [{ elements: [{ type: "text", text: "<ann@example.com>" }] }] }],
  });
});
