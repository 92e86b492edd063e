import { missingServers } from "../servers/ask.ts";
import { findBrowser } from "./browser.ts";

/** After all tests: nothing stays behind, and what could not be tested is said last. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export.
export default async function globalTeardown() {
  const keeper = globalThis.hallpassKeeper;
  if (keeper === undefined) return;
  const skipped = (await missingServers(keeper.url)).map((why) => `Tests skipped: ${why}.`);
  if (findBrowser() === undefined)
    skipped.push("Tests of the playground's page skipped: no Chromium on PATH.");
  await keeper.stop();
  if (skipped.length > 0) console.warn(`\n${skipped.join("\n")}`);
}
