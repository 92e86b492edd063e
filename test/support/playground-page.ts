import type { Locator, Page } from "playwright-core";

/** Becomes somebody, as one click on the switch does. */
export async function be(page: Page, name: string): Promise<void> {
  await page.locator("label").filter({ hasText: name }).click();
  await page.getByRole("radio", { name: new RegExp(`^${name}`), checked: true }).waitFor();
}

/** Types into the message box of the channel that is open, and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole("textbox", { name: /^Message / });
  await box.fill(text);
  // What completes commands closes once there are arguments.
  await box.press("Enter");
}

/** The messages of the channel that is open. */
export function channel(page: Page): Locator {
  return page.getByRole("log").first();
}

/** Whether the page can be scrolled sideways, which it never should. */
export async function overflows(page: Page): Promise<boolean> {
  return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
