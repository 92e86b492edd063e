import type { Browser } from "playwright-core";
import { findBrowser, openBrowser, visit } from "../support/browser.ts";
import { playgroundStartMs, type PlaygroundRun, startPlayground } from "../support/playground.ts";
import { be, say } from "../support/playground-page.ts";

const executable = findBrowser();
const describeInBrowser = executable === undefined ? describe.skip : describe;

let browser: Browser;
beforeAll(async () => {
  if (executable !== undefined) browser = await openBrowser(executable);
});
afterAll(async () => {
  await browser?.close();
});

describeInBrowser("what the policy says, seen in Slack", () => {
  let playground: PlaygroundRun;
  beforeAll(async () => {
    playground = await startPlayground();
  }, playgroundStartMs);
  afterAll(() => playground?.stop());

  test("the form tells who will be asked; two steps are asked one after the other", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url);
    await be(page, "Alice");
    await say(page, "/request-access");
    const form = page.getByRole("dialog");
    await form.getByRole("combobox", { name: "Role", exact: true }).click();
    await page.getByRole("option", { name: "Read and write" }).click();
    await form
      .getByText(/Needs approval from bob@example\.com or carol@example\.com, then dana@example\.com/)
      .waitFor();
    await photograph("form-preview");
    await form.getByLabel("Reason").fill("removing a test order, INC-3");
    await form.getByRole("button", { name: "Request access" }).click();
    await form.waitFor({ state: "detached" });

    await page.getByRole("link", { name: /orders-approvals/ }).click();
    const request = page.getByRole("article").filter({ hasText: "INC-3" }).last();
    await be(page, "Bob");
    await request.getByText(/step 1 of 2/).waitFor();
    await request.getByRole("button", { name: "Approve" }).click();
    await request.getByText(/step 2 of 2/).waitFor();
    await photograph("second-step");
    await be(page, "Dana");
    await request.getByRole("button", { name: "Approve" }).click();
    await request.getByRole("button", { name: "End access" }).waitFor();
    await photograph("end-access");
    await request.getByRole("button", { name: "End access" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "End access" }).click();
    await request.getByText(/This grant ended/).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  test("broken glass is said loudly and reviewed", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url);
    await be(page, "Erin");
    await say(page, "/request-access orders-db write 30m break-glass INC-4 is burning");
    await page.getByRole("link", { name: /access-alerts/ }).click();
    await page
      .getByText(/without approval/)
      .first()
      .waitFor();
    await photograph("break-glass-alert");
    await page.getByRole("link", { name: /orders-approvals/ }).click();
    const request = page.getByRole("article").filter({ hasText: "INC-4" }).last();
    await be(page, "Dana");
    await request.getByRole("button", { name: "Review break-glass" }).click();
    const form = page.getByRole("dialog");
    await form.getByText("It was justified", { exact: true }).click();
    await form.getByLabel("What you found").fill("the shop was down");
    await form.getByRole("button", { name: "Record" }).click();
    await request.getByText(/Found justified by/).waitFor();
    await photograph("break-glass-reviewed");
    expect(complaints).toEqual([]);
  }, 60_000);

  test("one's own access is extended and given back from the direct message", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url);
    await be(page, "Alice");
    await say(page, "/request-access orders-db read 1h looking at INC-5");
    const request = page.getByRole("article").filter({ hasText: "INC-5" }).last();
    await be(page, "Bob");
    await request.getByRole("button", { name: "Approve" }).click();
    await request.getByText(/Access until/).waitFor();
    await be(page, "Alice");
    await page.getByRole("link", { name: /^Hallpass.*App/ }).click();
    await page.getByRole("button", { name: "Extend by 1h" }).last().waitFor();
    await photograph("own-access");
    await page.getByRole("button", { name: "Give back" }).last().click();
    await page.getByText(/your access ended \(given back\) and is verified gone/).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);
});
