import { WebClient } from "@slack/web-api";
import { createDirectory } from "../../src/slack/directory.ts";
import { startSlack } from "../support/slack.ts";

let slack: Awaited<ReturnType<typeof startSlack>>;
beforeAll(async () => {
  slack = await startSlack();
});
afterAll(() => slack?.close());

it("an account that was asked for before Slack told of its change is not remembered", async () => {
  const directory = createDirectory(new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl }));
  slack.faults.slow(200, ["users.info"], "after");
  const asked = directory.account("U0ALICE");
  await slack.until(() => slack.calls("users.info").length > 0, "Slack to be asked");
  directory.forget("U0ALICE");
  expect(await asked).toMatchObject({ id: "U0ALICE" });
  expect(directory.remembered("U0ALICE")).toBeUndefined();
  await directory.account("U0ALICE");
  expect(directory.remembered("U0ALICE")).toMatchObject({ id: "U0ALICE" });
});
