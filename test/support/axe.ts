import axe from "axe-core";
import type { Page } from "playwright-core";
import { z } from "zod";

const Findings = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
    }),
  ),
});

/** What axe-core finds on the page that is serious or critical, in words. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // Evaluated, not added as a script: the page's own policy refuses scripts that are not its own.
  await page.evaluate(axe.source);
  const { violations } = Findings.parse(await page.evaluate("axe.run()"));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary ?? ""}`));
}
