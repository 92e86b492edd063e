import type { Browser, Page } from "playwright-core";
import { findBrowser, openBrowser, visit } from "../support/browser.ts";
import { playgroundStartMs, type PlaygroundRun, startPlayground } from "../support/playground.ts";
import { be, channel, say } from "../support/playground-page.ts";

const executable = findBrowser();
const describeInBrowser = executable === undefined ? describe.skip : describe;

let browser: Browser;

beforeAll(async () => {
  if (executable !== undefined) browser = await openBrowser(executable);
});

afterAll(async () => {
  await browser?.close();
});

describeInBrowser.each(["light", "dark"] as const)("the first minute, %s", (colorScheme) => {
  let playground: PlaygroundRun;
  beforeAll(async () => {
    playground = await startPlayground();
  }, playgroundStartMs);
  afterAll(() => playground?.stop());

  test("goes as the checklist says, and ticks it off", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url, { colorScheme });
    const steps = page.getByRole("list").filter({ hasText: "type /request-access" }).getByRole("listitem");

    await be(page, "Alice");
    await run(page);
    await page.getByText("permission denied for table orders").waitFor();
    await say(page, "/request-access orders-db read 1h checking INC-7");
    await channel(page).getByText("you asked for Orders database").waitFor();
    await done(steps, 1);

    await be(page, "Bob");
    const request = channel(page).getByText("Orders database").first();
    await request.waitFor();
    await photograph(`approve-${colorScheme}`);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("button", { name: "Approve" }).waitFor({ state: "detached" });
    await done(steps, 2);

    await be(page, "Alice");
    await member(page, "alice").waitFor();
    await run(page);
    await page.getByText("5 rows").waitFor();
    await photograph(`query-${colorScheme}`);
    await done(steps, 3);

    await page.getByRole("tab", { name: "Clock" }).click();
    await page.getByRole("button", { name: "To the next end" }).click();
    await done(steps, 4);
    await page.getByRole("link", { name: /repl(y|ies)/ }).click();
    await page
      .getByText(/Revoked and verified/)
      .first()
      .waitFor();
    await photograph(`gone-${colorScheme}`);
    await page.getByRole("tab", { name: "Database" }).click();
    await member(page, "alice").waitFor({ state: "detached" });
    await run(page);
    await page.getByText("permission denied for table orders").waitFor();

    await be(page, "Dana");
    await say(page, "/access-audit export");
    await done(steps, 5);
    await page.getByRole("link", { name: /^Hallpass.*App/ }).click();
    await page.getByRole("button", { name: /CSV/ }).click();
    await page.getByRole("dialog").getByRole("cell", { name: "grant.revoked" }).waitFor();
    await photograph(`audit-${colorScheme}`);

    expect(complaints).toEqual([]);
  }, 120_000);
});

async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
}

function member(page: Page, name: string) {
  return page.getByRole("region", { name: /Who holds which role/ }).locator(".member", { hasText: name });
}

async function done(steps: ReturnType<Page["getByRole"]>, count: number): Promise<void> {
  await steps
    .nth(count - 1)
    .getByText("Done:")
    .waitFor();
}
