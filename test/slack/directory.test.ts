import { WebClient } from "@slack/web-api";
import { createDirectory } from "../../src/slack/directory/directory.ts";
import { startSlack } from "../support/slack.ts";

let slack: Awaited<ReturnType<typeof startSlack>>;
beforeAll(async () => {
  slack = await startSlack();
});
afterAll(() => slack?.close());

it("an account that was asked for before Slack told of its change is asked for again", async () => {
  const directory = createDirectory(new WebClient(slack.tokens.bot, { slackApiUrl: slack.apiUrl }));
  slack.faults.slow(200, ["users.info"], "after");
  const asked = directory.account("U0ALICE");
  await slack.until(() => slack.calls("users.info").length > 0, "Slack to be asked");
  await slack.changeUser("alice", { deleted: true });
  directory.forget("U0ALICE");
  expect(await asked).toMatchObject({ id: "U0ALICE", isDeactivated: true });
  expect(slack.calls("users.info")).toHaveLength(2);
  expect(directory.remembered("U0ALICE")).toMatchObject({ isDeactivated: true });
});
