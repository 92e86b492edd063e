import type { Browser } from "playwright-core";
import { barriers } from "../support/axe.ts";
import { findBrowser, openBrowser, visit } from "../support/browser.ts";
import { playgroundStartMs, type PlaygroundRun, startPlayground } from "../support/playground.ts";
import { be, channel, overflows, say } from "../support/playground-page.ts";

const executable = findBrowser();
const describeInBrowser = executable === undefined ? describe.skip : describe;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let browser: Browser;
let playground: PlaygroundRun;

beforeAll(async () => {
  if (executable === undefined) return;
  [browser, playground] = await Promise.all([openBrowser(executable), startPlayground()]);
}, playgroundStartMs);

afterAll(async () => {
  await browser?.close();
  await playground?.stop();
});

describeInBrowser("the playground's page", () => {
  test("can be used with the keyboard alone, and modals keep the focus and give it back", async () => {
    const { page, complaints } = await visit(browser, playground.url);
    const box = page.getByRole("textbox", { name: "Message #access-requests" });
    await tabTo(page, box);
    await page.keyboard.type("/requ");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const form = page.getByRole("dialog");
    await form.waitFor();
    for (let times = 0; times < 25; times += 1) {
      await page.keyboard.press("Tab");
      expect(
        await page.evaluate(
          "document.activeElement.closest('dialog') !== null || document.activeElement === document.body",
        ),
      ).toBe(true);
    }
    await page.keyboard.press("Escape");
    await form.waitFor({ state: "detached" });
    await box.and(page.locator(":focus")).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  test("the form says at its fields what is missing", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url);
    await say(page, "/request-access");
    const form = page.getByRole("dialog");
    await form.waitFor();
    await form.getByRole("button", { name: "Request access" }).click();
    await form.getByText("Please complete this required field.").first().waitFor();
    await photograph("form");
    await page.keyboard.press("Escape");
    expect(complaints).toEqual([]);
  }, 60_000);

  test.each(["light", "dark"] as const)(
    "has no serious barrier, %s",
    async (colorScheme) => {
      const { page } = await visit(browser, playground.url, { colorScheme });
      expect(await barriers(page)).toEqual([]);
      await say(page, "/request-access");
      await page.getByRole("dialog").waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await say(page, "/request-access orders-db write 30m fixing INC-42");
      await page.getByRole("link", { name: /orders-approvals/ }).click();
      await channel(page).getByText("fixing INC-42").first().waitFor();
      for (const tool of ["Clock", "Inspector", "Faults"]) {
        await page.getByRole("tab", { name: tool }).click();
        expect(await barriers(page)).toEqual([]);
      }
      await be(page, "Dave");
      expect(await barriers(page)).toEqual([]);
    },
    120_000,
  );

  test("approving on a phone", async () => {
    const { page, complaints, photograph } = await visit(browser, playground.url, phone);
    await page.getByRole("link", { name: /access-requests/ }).tap();
    await say(page, "/request-access orders-db read 20m checking INC-9");
    await be(page, "Bob");
    const request = page.getByRole("article").filter({ hasText: "INC-9" }).last();
    await request.getByRole("button", { name: "Approve" }).scrollIntoViewIfNeeded();
    expect(await overflows(page)).toBe(false);
    const box = await request.getByRole("button", { name: "Approve" }).boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    await photograph("phone");
    await request.getByRole("button", { name: "Approve" }).tap();
    await request.getByText(/Approved by/).waitFor();
    expect(await overflows(page)).toBe(false);
    expect(complaints).toEqual([]);
  }, 60_000);

  test("the guest and the stranger see their own channels only, the deactivated account nothing", async () => {
    const { page, complaints } = await visit(browser, playground.url);
    for (const name of ["Greta", "Sam"]) {
      await be(page, name);
      expect(await page.getByRole("link", { name: /access-requests/ }).count()).toBe(0);
    }
    await be(page, "Dave");
    await page
      .getByText(/deactivated/)
      .first()
      .waitFor();
    expect(await page.getByRole("textbox", { name: /^Message / }).count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 60_000);

  test("the inspector shows calls and deliveries, and a fault is seen and switched off", async () => {
    const { page } = await visit(browser, playground.url);
    await page.getByRole("tab", { name: "Faults" }).click();
    await page.getByRole("switch", { name: /429|rate/i }).click();
    await say(page, "/request-access orders-db read 10m limited INC-11");
    await page.getByRole("tab", { name: "Inspector" }).click();
    await page.getByText("/request-access").first().waitFor();
    await page
      .getByText(/ratelimited|429/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: /^Turn (it|all) off/ }).click();
    await channel(page).getByText("limited INC-11").first().waitFor({ timeout: 30_000 });
    expect(await page.getByText("Faults are on").count()).toBe(0);
  }, 90_000);

  test("who comes back after a reload is who and where they were", async () => {
    const { page } = await visit(browser, playground.url);
    await be(page, "Carol");
    await page.getByRole("link", { name: /access-alerts/ }).click();
    await page.reload();
    await page.getByRole("textbox", { name: "Message #access-alerts" }).waitFor();
    expect(await page.getByRole("radio", { name: /^Carol/, checked: true }).count()).toBe(1);
  }, 60_000);
});

async function tabTo(
  page: Awaited<ReturnType<typeof visit>>["page"],
  target: ReturnType<typeof page.getByRole>,
): Promise<void> {
  await target.waitFor();
  for (let times = 0; times < 80; times += 1) {
    await page.keyboard.press("Tab");
    if ((await target.and(page.locator(":focus")).count()) > 0) return;
  }
  throw new Error("80 times Tab did not reach it");
}
