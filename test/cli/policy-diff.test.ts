import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** The difference from the example to the example with these replacements. */
async function diff(...replacements: readonly (readonly [from: string, to: string])[]) {
  let text = await readFile(example, "utf8");
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    text = text.replace(from, to);
  }
  const changed = join(folder, "changed.yml");
  await writeFile(changed, text);
  return hallpass(["policy", "diff", example, changed]);
}

test("rules that are written otherwise and say the same are no difference", async () => {
  const { code, stdout } = await diff(
    ["reading orders takes a lead", "a lead for reading"],
    ['access: ["orders-db:write"]', 'access: ["orders-db:write", "orders-db:write"]'],
  );
  expect([code, stdout]).toEqual([0, "Nothing changes for anybody.\n"]);
});

test.each([
  [
    "a new approver",
    ["[bob@example.com, carol@example.com]", "[bob@example.com, carol@example.com, dana@example.com]"],
    ["dana@example.com: can now approve orders-db:read", "dana@example.com: can now approve orders-db:write"],
  ],
  [
    "somebody who is on call no more, and asks nothing else",
    ["members: [alice@example.com, erin@example.com]", "members: [alice@example.com]"],
    ["erin@example.com: may no longer ask for orders-db:write (before: 1 of group:orders-leads, at most 4h)"],
  ],
  [
    "a shorter limit",
    ["grant: { role: orders_write }, max_duration: 4h", "grant: { role: orders_write }, max_duration: 1h"],
    [
      "alice@example.com, erin@example.com: asks for orders-db:write on other terms: 1 of group:orders-leads, at most 1h (before: 1 of group:orders-leads, at most 4h)",
    ],
  ],
  [
    "a rule for everyone",
    ["requesters: [group:on-call]", "requesters: [everyone]"],
    [
      "alice@example.com: asks for orders-db:read on other terms: at once, at most 8h (before: 1 of group:orders-leads, at most 8h)",
      "anybody else: may now ask for orders-db:read: at once, at most 8h",
    ],
  ],
  [
    "another auditor",
    ["auditors: [group:security]", "auditors: [group:security, erin@example.com]"],
    ["erin@example.com: is now an auditor"],
  ],
] as const)("%s is said to be", async (_, replacement, lines) => {
  const { code, stdout } = await diff(replacement);
  expect(code).toBe(0);
  for (const line of lines) expect(stdout).toContain(line);
});

test("a policy that is not fine is not compared", async () => {
  const { code, stdout } = await diff(["version: 1", "version: 3"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/changed\.yml:\d+:\d+: expected 1/);
});
