import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type CrashPoint, crashPoints } from "../../src/crash-point.ts";
import { accessStories } from "./access-stories.ts";
import { decisionStories } from "./decision-stories.ts";

/** Where nothing that runs comes by. */
const unreachable: Partial<Record<CrashPoint, string>> = {
  "before commit of cancel": "no edge sends this command yet",
  "after commit of cancel": "no edge sends this command yet",
};

/** What writes without a commit of its own: the bookkeeping of an effect, whose points stand before and after it. */
const bookkeeping = ["claimEffect", "renewClaim", "finishEffect", "postponeEffect"];

const source = join(import.meta.dirname, "../../src");

/** What follows the audit catches up from where it stopped: it is no transition, and nobody waits for it. */
const followsAudit = join(source, "audit/");

/** The functions, by file and name, that send a statement which writes, and whether it is sent between crash points. */
async function writers(): Promise<readonly { readonly name: string; readonly isBetween: boolean }[]> {
  const files = (await readdir(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("generated") && !file.startsWith(followsAudit));
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, "utf8");
      return [
        ...text.matchAll(
          /\$(?:query|execute)Raw(?:Unsafe)?\b[^`]*`[^`]*`|\bdb\.\w+\.(?:create|update|upsert|delete)/g,
        ),
      ]
        .filter(([statement]) => /insert into|\bupdate \w+|delete from|insertOf|^db\./i.test(statement))
        .map(({ index }) => {
          const before = text.slice(0, index);
          const name = [...before.matchAll(/function (\w+)/g)].at(-1)?.[1] ?? "";
          return {
            name: `${relative(source, file)} ${name}`,
            isBetween: before.slice(before.lastIndexOf(`function ${name}`)).includes("committing("),
          };
        });
    }),
  );
  return found.flat();
}

it("at every crash point there is, a process dies in some story", () => {
  const told = new Set<CrashPoint>(
    [...accessStories, ...decisionStories].flatMap(({ steps }) => steps.map(({ dies }) => dies)),
  );
  expect(crashPoints.filter((point) => !told.has(point) && !(point in unreachable))).toEqual([]);
  expect([...told].filter((point) => point in unreachable)).toEqual([]);
});

it("every statement that writes is sent between crash points", async () => {
  const all = await writers();
  expect(all.length).toBeGreaterThan(bookkeeping.length);
  const without = all.filter(({ isBetween }) => !isBetween).map(({ name }) => name);
  expect(without.toSorted()).toEqual(bookkeeping.map((name) => `persistence/effects.ts ${name}`).toSorted());
});
