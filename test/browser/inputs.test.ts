import { join } from "node:path";
import type { types } from "@slack/bolt";
import type { Browser, Locator, Page } from "playwright-core";
import { isObject, objectOf, objectsOf, textOf } from "../../slack-simulator/json.ts";
import { openPage, type Setting } from "../playground-web/page.ts";
import { barriers } from "../support/axe.ts";
import { findBrowser, openBrowser, visit } from "../support/browser.ts";
import { say } from "../support/playground-page.ts";

const executable = findBrowser();
const describeInBrowser = executable === undefined ? describe.skip : describe;

let browser: Browser;
let setting: Setting;

beforeAll(async () => {
  if (executable === undefined) return;
  browser = await openBrowser(executable);
  const assets = join(import.meta.dirname, "../../dist/playground");
  setting = await openPage({ assets });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await setting?.close();
});

const plain = (text: string): types.PlainTextElement => ({ type: "plain_text", text });
const option = (text: string): types.PlainTextOption => ({ text: plain(text), value: text.toLowerCase() });
const colours = ["Red", "Green", "Blue"].map(option);

const elements = {
  Text: { type: "plain_text_input" },
  Number: { type: "number_input", is_decimal_allowed: false },
  "E-mail": { type: "email_text_input" },
  Link: { type: "url_text_input" },
  Colour: { type: "static_select", options: colours },
  Colours: { type: "multi_static_select", options: colours },
  Resource: { type: "external_select", action_id: "resource", min_query_length: 2 },
  Person: { type: "users_select" },
  People: { type: "multi_users_select" },
  Channel: { type: "conversations_select" },
  Boxes: { type: "checkboxes", options: colours },
  Radio: { type: "radio_buttons", options: colours },
  Day: { type: "datepicker" },
  Time: { type: "timepicker" },
  Moment: { type: "datetimepicker" },
} satisfies Readonly<Record<string, types.InputBlock["element"]>>;

const view: types.ModalView = {
  type: "modal",
  callback_id: "ask",
  title: plain("Everything"),
  submit: plain("Send"),
  blocks: Object.entries(elements).map(([label, element]) => ({
    type: "input",
    block_id: label,
    label: plain(label),
    element,
  })),
};

describeInBrowser("a modal with every input", () => {
  test("is filled in as a person would, and the app gets what was entered", async () => {
    const { app, slack } = setting;
    const { page, complaints, photograph } = await visit(browser, setting.url);
    await say(page, "/trigger now");
    const trigger = await slack.until(
      () => app.seen.find((one) => one.startsWith("trigger "))?.slice("trigger ".length),
      "the trigger",
    );
    await app.client.views.open({ trigger_id: trigger, view });
    const form = page.getByRole("dialog", { name: "Everything" });
    await form.waitFor();

    await form.getByRole("textbox", { name: "Text" }).fill("some text");
    await form.getByLabel("Number").fill("42");
    await form.getByLabel("E-mail").fill("someone@example.com");
    await form.getByLabel("Link").fill("https://example.com/");
    await choose(page, form, "Colour", ["Green"]);
    await choose(page, form, "Colours", ["Red", "Blue"]);
    await choose(page, form, "Resource", ["Ledger"]);
    await choose(page, form, "Person", ["Bob Baker"]);
    await choose(page, form, "People", ["Bob Baker", "Dana Drew"]);
    await choose(page, form, "Channel", ["access-alerts"]);
    await form.getByRole("checkbox", { name: "Red" }).check();
    await form.getByRole("checkbox", { name: "Blue" }).check();
    await form.getByRole("radio", { name: "Green" }).check();
    await form.getByLabel("Day").fill("2026-03-03");
    await form.getByLabel("Time").fill("09:30");
    await form.getByLabel("Moment").fill("2026-03-03T09:30");
    expect(await barriers(page)).toEqual([]);
    await photograph("inputs");
    await form.getByRole("button", { name: "Send" }).click();
    await form.waitFor({ state: "detached" });

    const submission = slack.deliveries().findLast(({ type }) => type === "view_submission");
    const values = objectOf(objectOf(objectOf(submission?.payload["view"])["state"])["values"]);
    const entered = Object.entries(values).map(([label, actions]) => [label, told(objectOf(actions))]);
    expect(Object.fromEntries(entered)).toEqual({
      Text: "some text",
      Number: "42",
      "E-mail": "someone@example.com",
      Link: "https://example.com/",
      Colour: "green",
      Colours: ["red", "blue"],
      Resource: "ledger",
      Person: "U0BOB",
      People: ["U0BOB", "U0DANA"],
      Channel: "C0ACCESSALERTS",
      Boxes: ["red", "blue"],
      Radio: "green",
      Day: "2026-03-03",
      Time: "09:30",
      // Alice is in London.
      Moment: Date.UTC(2026, 2, 3, 9, 30) / 1000,
    });
    expect(complaints).toEqual([]);
  }, 90_000);

  test("a confirmed button and an overflow menu tell the app, what is not confirmed does not", async () => {
    const { app, slack } = setting;
    const { page, complaints } = await visit(browser, setting.url);
    const confirm = {
      title: plain("Sure?"),
      text: plain("It ends now."),
      confirm: plain("End it"),
      deny: plain("Keep it"),
    };
    const entries = ["Extend", "Give back"].map(option);
    const post = (element: types.Button | types.Overflow) =>
      app.client.chat.postMessage({
        channel: "#general",
        text: "Access",
        blocks: [{ type: "actions", elements: [element] }],
      });
    await post({ type: "button", action_id: "approve", text: plain("End"), style: "danger", confirm });
    await post({ type: "overflow", action_id: "approve", options: entries });
    const pressed = (): readonly string[] =>
      slack
        .deliveries()
        .filter(({ type }) => type === "block_actions")
        .flatMap(({ payload }) => objectsOf(payload["actions"]))
        .map(
          (action) =>
            `${textOf(action["action_id"])} ${textOf(objectOf(action["selected_option"])["value"])}`,
        );

    await page.getByRole("button", { name: "End", exact: true }).click();
    await page.getByRole("alertdialog", { name: "Sure?" }).getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("button", { name: "End", exact: true }).click();
    await page.getByRole("alertdialog", { name: "Sure?" }).getByRole("button", { name: "End it" }).click();
    await slack.until(() => pressed().length > 0, "the confirmed button");
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByText("Give back").click();
    await slack.until(() => pressed().length > 1, "the menu's entry");
    expect(pressed()).toEqual(["approve ", "approve give back"]);
    expect(complaints).toEqual([]);
  }, 60_000);
});

async function choose(page: Page, form: Locator, label: string, names: readonly string[]): Promise<void> {
  const box = form.getByRole("combobox", { name: label, exact: true });
  for (const name of names) {
    await box.click();
    await box.pressSequentially(name.slice(0, 4));
    await page.getByRole("option", { name }).first().click();
  }
  await page.keyboard.press("Tab");
}

/** What one element's value says, without its wrapping. */
function told(actions: Readonly<Record<string, unknown>>): unknown {
  const [value] = Object.values(actions);
  const [held] = Object.entries(objectOf(value)).flatMap(([key, one]) => (key === "type" ? [] : [one]));
  if (Array.isArray(held)) return held.map((one) => (isObject(one) ? one["value"] : one));
  return isObject(held) ? held["value"] : held;
}
