// `npm run new:provider NAME`: makes the folder, the test and the page of a new kind of provider, in the working directory.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";

const [name = ""] = process.argv.slice(2);
const template = join(import.meta.dirname, "template");

/** `identity-center` is exported as `identityCenter`, and opened by `openIdentityCenter`. */
const exported = name.replaceAll(/-(.)/gu, (_, letter: string) => letter.toUpperCase());
const opened = `${exported.charAt(0).toUpperCase()}${exported.slice(1)}`;

async function main(): Promise<string> {
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u.test(name))
    throw new Error("expected a name such as mysql or identity-center: npm run new:provider NAME");
  const [folder, tests, page] = [
    `src/providers/${name}`,
    `test/providers/${name}`,
    `docs/${name}-provider.md`,
  ];
  for (const path of [folder, tests, page]) if (existsSync(path)) throw new Error(`${path} is there already`);

  await fill("index.ts", `${folder}/index.ts`, (text) => text.replaceAll("../../../src/providers/", "../"));
  const atHome = (text: string): string =>
    text.replace('from "./index.ts"', `from "../../../src/providers/${name}/index.ts"`);
  await fill("under-test.ts", `${tests}/under-test.ts`, atHome);
  await fill("contract.ts", `${tests}/contract.test.ts`, atHome);
  await fill("page.md", page, (text) => text.replaceAll("TEMPLATE", name.toUpperCase().replaceAll("-", "_")));
  await change(
    "src/providers/list.ts",
    (text) => `${text}export { ${exported} } from "./${name}/index.ts";\n`,
  );
  // The title is the one of the new definition, and the docs test says when they differ.
  await change("docs/policy-language.md", (text) =>
    text.replace(
      /(?<=\n\| `postgres` .*\n)/u,
      `| \`${name}\` | ${name} | [its page](${name}-provider.md) |\n`,
    ),
  );
  execFileSync("npm", ["run", "-s", "docs:schema"], { stdio: "inherit" });
  return `${folder}/index.ts is where to begin; npm test -- providers/${name} says what is owed, docs/writing-a-provider.md how.`;
}

async function fill(from: string, to: string, change_: (text: string) => string): Promise<void> {
  const text = change_(await readFile(join(template, from), "utf8"))
    .replaceAll("openTemplate", `open${opened}`)
    .replaceAll("createTemplate", `create${opened}`)
    .replaceAll(/(?<=["/]|type: |my-|title: "|^# )template\b/gmu, name)
    .replaceAll(/\btemplate\b/gu, exported);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, await format(text, { ...(await resolveConfig(to)), filepath: to }));
}

async function change(path: string, by: (text: string) => string): Promise<void> {
  const before = await readFile(path, "utf8");
  const after = by(before);
  if (after === before) throw new Error(`${path} has no place for ${name}`);
  await writeFile(path, await format(after, { ...(await resolveConfig(path)), filepath: path }));
}

try {
  process.stdout.write(`${await main()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
