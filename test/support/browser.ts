import { accessSync, constants } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium on PATH; `undefined` where there is none. */
export function findBrowser(): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type Visitor = {
  readonly page: Page;
  /** What the browser complained about so far: errors in the console, exceptions, requests that failed. */
  readonly complaints: readonly string[];
  /** Saves what is on the screen under `coverage/screenshots`, for people to look at. */
  readonly photograph: (name: string) => Promise<void>;
};

/** Opens a browser of this machine's, headless and without its own errands on the network. */
export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const screenshots = join(import.meta.dirname, "../../coverage/screenshots");

/** Somebody who visits with an empty browser of their own. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A stream that the page itself closes ends this way.
    if (request.failure()?.errorText === "net::ERR_ABORTED") return;
    complaints.push(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`);
  });
  await page.goto(url);
  return {
    page,
    complaints,
    photograph: async (name) => {
      await mkdir(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
    },
  };
}
