import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));

const Names = z.record(z.string(), z.string());
const Package = z.object({
  optionalDependencies: Names.default({}),
  engines: z.object({ node: z.string().optional() }).or(z.array(z.string())).optional(),
  hasInstallScript: z.boolean().default(false),
});
const { packages } = z.object({ packages: z.record(z.string(), Package) }).parse(read("package-lock.json"));
const { allowScripts } = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(read("package.json"));

const oldest = [20, 19, 0] as const;

/** Whether a package at this path may be required by another: beside it, or above. */
function isLocked(from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === "") return false;
  }
}

/** Whether our oldest Node is in a range such as `^18.18.0 || >=20`. */
function takesOldest(range: string): boolean {
  return range.split("||").some((part) => {
    const [, sign = "", ...numbers] = /([<>=^~]*)\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/u.exec(part) ?? [];
    const [major = 0, minor = 0, patch = 0] = numbers.map((each) => Number(each ?? 0));
    const isOldEnough =
      major < oldest[0] ||
      (major === oldest[0] && (minor < oldest[1] || (minor === oldest[1] && patch <= oldest[2])));
    return sign.startsWith(">") ? isOldEnough : part.trim() === "*" || (major === oldest[0] && isOldEnough);
  });
}

it("the lockfile holds every platform's packages, so that npm ci passes on each", () => {
  const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).map((name) => ({ path, name })),
  );
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter(({ path, name }) => !isLocked(path, name))).toEqual([]);
});

it("no package warns on the oldest Node that Hallpass runs on", () => {
  const refusing = Object.entries(packages).flatMap(([path, { engines }]) => {
    const node = Array.isArray(engines) ? undefined : engines?.node;
    return node === undefined || takesOldest(node) ? [] : [`${path}: ${node}`];
  });
  expect(refusing).toEqual([]);
});

it("every package with install scripts is reviewed: Hallpass needs none of them", () => {
  const scripted = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
  expect(Object.keys(allowScripts).toSorted()).toEqual([...new Set(scripted)].toSorted());
  expect(Object.values(allowScripts)).not.toContain(true);
});
