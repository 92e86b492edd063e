import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { htmlOf } from "../../src/audit/report/html.ts";
import { parsePeriod } from "../../src/audit/report/period.ts";
import { readFigures } from "../../src/audit/report/read-figures.ts";
import { fillQuarter, sealAll } from "../support/audited-quarter.ts";
import { barriers } from "../support/axe.ts";
import { findBrowser, openBrowser, visit } from "../support/browser.ts";
import { createDatabase } from "../support/database.ts";
import { describeIf } from "../support/describe-if.ts";

const executable = findBrowser();
const describeInBrowser = describeIf(executable !== undefined, "no Chromium on PATH");

let browser: Browser;
let folder: string;
let address: string;

beforeAll(async () => {
  if (executable === undefined) return;
  browser = await openBrowser(executable);
  folder = await mkdtemp(join(tmpdir(), "hallpass-report-"));
  const file = join(folder, "report.html");
  address = pathToFileURL(file).href;
  await writeFile(file, await quarter());
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function quarter(): Promise<string> {
  const database = await createDatabase();
  try {
    await fillQuarter(database.url);
    const verification = await sealAll(database.url);
    const parsed = parsePeriod("2025-Q3", "Europe/London");
    if (!parsed.ok) throw new Error(parsed.fault);
    const zoneNote = "Days and times are those of Europe/London, as the policy says.";
    const asked = { period: parsed.period, zoneNote, verification };
    return htmlOf(await readFigures({ databaseUrl: database.url }, asked));
  } finally {
    await database.close();
  }
}

describeInBrowser("the report in a browser", () => {
  test.each(["light", "dark"] as const)(
    "is read without a barrier in %s, and nothing in it runs",
    async (colorScheme) => {
      const { page, complaints, photograph } = await visit(browser, address, {
        colorScheme,
        viewport: { width: 1120, height: 1400 },
      });
      expect(await barriers(page)).toEqual([]);
      expect(await page.title()).toBe("Access report 2025-Q3");
      const image = page.getByRole("img", { name: "Time to approve" });
      expect(await image.locator("desc").textContent()).toMatch(/^A histogram\. under 1 min: \d+/);
      // The numbers of each chart stand beside it for whoever does not see it.
      for (const name of ["Time to approve", "Requests by week (beginning on Monday)", "Grants by resource"])
        expect(await page.getByRole("table", { name, exact: true }).getByRole("row").count()).toBeGreaterThan(
          4,
        );
      await photograph(`report-${colorScheme}`);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  test("it fits a phone without scrolling sideways", async () => {
    const { page, complaints } = await visit(browser, address, { viewport: { width: 390, height: 800 } });
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    expect(wide).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
  }, 60_000);
});
