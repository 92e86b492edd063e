import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { searchPath } from "../../config.ts";
import { systemCode } from "../../persistence/embedded/error.ts";
import { CommandError } from "../failure.ts";
import { messageOf } from "../../error-message.ts";

const browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const timeoutMs = 60_000;

const switches = [
  "--headless",
  "--disable-gpu",
  "--no-first-run",
  "--no-pdf-header-footer",
  // The page fetches nothing, and the browser must make no requests of its own either.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND",
];

/** Prints a page to PDF with a browser on this machine. Throws `CommandError` if there is none, or it fails. */
export async function printPdf(html: string): Promise<Buffer> {
  // Only this user can enter this folder.
  const folder = await mkdtemp(join(tmpdir(), "hallpass-report-"));
  try {
    const page = join(folder, "report.html");
    const pdf = join(folder, "report.pdf");
    await writeFile(page, html, { mode: 0o600 });
    await print(folder, [`--print-to-pdf=${pdf}`, pathToFileURL(page).href]);
    return await readFile(pdf);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `The browser made no PDF: ${messageOf(error)}. --format html can be printed by hand.`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function print(folder: string, options: readonly string[]): Promise<void> {
  // Chromium refuses its sandbox to root.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const all = [...switches, ...sandbox, `--user-data-dir=${join(folder, "profile")}`, ...options];
  for (const browser of browsers) {
    try {
      // Pass on nothing else of our environment: there are secrets in it.
      await promisify(execFile)(browser, all, {
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        env: { PATH: searchPath(), HOME: folder },
      });
      return;
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
  }
  throw new CommandError(
    `A PDF needs a browser on the PATH (${browsers.join(", ")}), and there is none: install one, or use --format html and print it.`,
  );
}
