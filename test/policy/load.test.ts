import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { wordFault } from "../../src/policy/language/fault.ts";
import { loadPolicy, parsePolicy } from "../../src/policy/language/load.ts";
import type { Policy } from "../../src/policy/policy.ts";
import { changed, faultsOf, policyOf, providerTypes, smallPolicy } from "./policies.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hallpass-policy-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function faultsAt(path: string): Promise<readonly string[]> {
  const loaded = await loadPolicy(path, { providerTypes });
  return loaded.ok ? [] : loaded.faults.map(wordFault);
}

async function load(path: string) {
  const loaded = await loadPolicy(path, { providerTypes });
  if (!loaded.ok) throw new Error(loaded.faults.map(wordFault).join("\n"));
  return loaded.policy;
}

describe("a file", () => {
  test("is kept as it is, under the hash of its text", async () => {
    const policy = await load(await write("hallpass.yml", smallPolicy));
    expect(policy.text).toBe(smallPolicy);
    expect(policy.hash).toBe(sha256(smallPolicy));
  });

  test("may begin with a byte order mark and end its lines as Windows does", async () => {
    const path = await write("hallpass.yml", `\uFEFF${smallPolicy.replaceAll("\n", "\r\n")}`);
    expect((await load(path)).rules).toHaveLength(2);
  });

  test("is named in faults as it was asked for", async () => {
    const path = await write("hallpass.yml", changed("risk: high", "risk: 3"));
    expect(await faultsAt(path)).toEqual([`${path}:16:11: expected low, medium or high, got 3`]);
  });

  test("that is not there, or not a file, or not text, is one clear fault", async () => {
    const missing = join(folder, "missing.yml");
    expect(await faultsAt(missing)).toEqual([
      `${missing}:1:1: expected a policy file or folder, found none here`,
    ]);
    expect(await faultsAt("/dev/null")).toEqual(["/dev/null:1:1: expected a file, got something else"]);
    const loop = join(folder, "loop.yml");
    await symlink(loop, loop);
    expect(await faultsAt(loop)).toEqual([`${loop}:1:1: cannot be read: ELOOP`]);
    const bytes = await write("bytes.yml", new Uint8Array([0xc3, 0x28]));
    expect(await faultsAt(bytes)).toEqual([`${bytes}:1:1: expected UTF-8 text, got other bytes`]);
    const large = await write("large.yml", `# ${"x".repeat(1024 * 1024)}`);
    expect(await faultsAt(large)).toEqual([`${large}:1:1: expected at most 1 MiB, got a larger file`]);
  });
});

describe("a folder", () => {
  const [top = "", rules = ""] = smallPolicy.split("rules:\n");
  const firstRule = `rules:\n${rules.slice(0, rules.indexOf("  - name: writing"))}`;
  const secondRule = `rules:\n${rules.slice(rules.indexOf("  - name: writing"))}`;

  test("is its files in name order, whatever else lies there", async () => {
    await write("20-rules.yaml", firstRule);
    await write("10-top.yml", top);
    await write("30-rules.yml", secondRule);
    await write("readme.md", "not: [a policy");
    await write(".10-top.yml.swp.yml", "not: [a policy");
    const policy = await load(folder);
    expect(policy.rules.map((rule) => rule.name)).toEqual(["reading", "writing"]);
    // What a provider's kind makes of names is a function, and no two are equal.
    const saidBy = ({ providers, ...rest }: Policy) => ({
      ...rest,
      providers: [...providers].map(([name, { type, options }]) => [name, type, options]),
      hash: "",
      text: "",
    });
    expect(saidBy(policy)).toEqual(saidBy(policyOf(smallPolicy)));
  });

  test("is kept as one text of YAML documents, each under its file's name", async () => {
    await write("b.yml", rules ? `rules:\n${rules}`.trimEnd() : "");
    await write("a.yml", top);
    const policy = await load(folder);
    expect(policy.text).toBe(`---\n# file: a.yml\n${top}---\n# file: b.yml\nrules:\n${rules}`);
    expect(policy.hash).toBe(sha256(policy.text));
    expect(parseAllDocuments(policy.text)).toHaveLength(2);
  });

  test("has the same hash wherever it is kept", async () => {
    await write("a.yml", top);
    await write("b.yml", `rules:\n${rules}`);
    const files = [
      { name: "a.yml", text: top },
      { name: "b.yml", text: `rules:\n${rules}` },
    ];
    const parsed = parsePolicy(files, { providerTypes });
    expect(parsed.ok && parsed.policy.hash).toBe((await load(folder)).hash);
  });

  test("without a policy file is a fault", async () => {
    expect(await faultsAt(folder)).toEqual([
      `${folder}:1:1: expected .yml or .yaml files in this folder, got none`,
    ]);
  });

  test("names the folder and the file in faults, in file order", async () => {
    await mkdir(join(folder, "x.yml"));
    expect(await faultsAt(folder)).toEqual([`${folder}/x.yml:1:1: expected a file, got something else`]);
    await rm(join(folder, "x.yml"), { recursive: true });
    await write("a.yml", top.replace("risk: high", "risk: huge"));
    await write("b.yml", firstRule.replace("orders:read", "orders:reed"));
    expect((await faultsAt(folder)).map((fault) => fault.split(": ")[0])).toEqual([
      `${folder}/a.yml:16:11`,
      `${folder}/b.yml:4:14`,
    ]);
  });

  test("says nothing about what files say of each other while one of them cannot be read", () => {
    expect(faultsOf({ "a.yml": "a: 'x", "b.yml": firstRule })).toEqual([
      "a.yml:1:6: expected valid YAML, got an error: unexpected end of the stream within a single quoted scalar",
    ]);
  });

  test("refuses the same key in two files, naming both places", () => {
    const again = 'version: 1\nsettings: { channel: "#b" }\ngroups:\n  leads: { members: [] }\n';
    expect(faultsOf({ "a.yml": smallPolicy, "b.yml": again })).toEqual([
      'b.yml:1:1: "version" is already written in a.yml:1:1',
      'b.yml:2:1: "settings" is already written in a.yml:2:1',
      'b.yml:4:3: "leads" is already written in a.yml:9:3',
    ]);
  });

  test("refuses two rules of one name in two files", () => {
    expect(faultsOf({ "a.yml": smallPolicy, "b.yml": firstRule })).toEqual([
      'b.yml:2:11: duplicate rule name "reading", already in a.yml:21:11',
    ]);
  });

  test("refuses sections of another kind than the first file has", () => {
    const wrong = "groups: []\nrules: {}\n";
    const faults = [
      'b.yml:1:9: expected a map under "groups", got something else',
      'b.yml:2:8: expected a list under "rules", got something else',
    ];
    expect(faultsOf({ "a.yml": smallPolicy, "b.yml": wrong })).toEqual(faults);
    const swapped = faultsOf({ "b.yml": wrong, "c.yml": smallPolicy });
    expect(swapped.filter((fault) => fault.startsWith("b.yml") && !fault.includes("missing"))).toEqual(
      faults,
    );
  });
});

describe("what is left out", () => {
  const policy = policyOf(smallPolicy);

  test("has its default", () => {
    expect(policy.settings).toEqual({
      timezone: "UTC",
      channel: "#access",
      alerts: "#access",
      admins: ["group:security"],
      auditors: [],
      maxPending: 20,
      keepEffectsSeconds: 2_592_000,
      drift: { unknown: "report", everySeconds: 600 },
    });
    expect(policy.resources.get("orders")).toMatchObject({
      title: "orders",
      risk: "high",
      unknownAccess: "report",
    });
    expect(policy.resources.get("orders")?.roles.get("read")).toEqual({
      name: "read",
      title: "read",
      grants: [{ resource: "orders", role: "read", provider: "pg", target: { role: "orders_read" } }],
      limits: {
        maxDurationSeconds: undefined,
        defaultDurationSeconds: undefined,
        maxActive: undefined,
        cooldownSeconds: undefined,
      },
    });
    expect(policy.rules[1]).toMatchObject({
      when: undefined,
      hours: undefined,
      fromIp: undefined,
      requires: { reason: undefined, ticket: undefined },
      terms: { extend: undefined, revokeOnIdleSeconds: undefined },
      reviewTerms: { remindEverySeconds: undefined, startWithinSeconds: undefined },
      escalate: undefined,
      breakGlass: undefined,
    });
    expect(policy.conflicts).toEqual([]);
    expect(policy.usesHistory).toBe(false);
    expect(policyOf(changed("    risk: high\n", "")).resources.get("orders")?.risk).toBe("medium");
    expect(policy.rules[1]).toMatchObject({ channel: "#access", timeoutSeconds: 86_400 });
    expect(policyOf(changed("        count: 1\n", "")).rules[1]).toMatchObject({ steps: [{ count: 1 }] });
  });

  test("is taken when it is written", () => {
    const written = policyOf(
      changed(
        "decision: review",
        'decision: review\n    channel: "#orders"\n    timeout: 2h\n    max_duration: 1h30m',
      ).replace('"#access"', '"#access"\n  alerts: C024BE91L\n  timezone: Europe/London'),
    );
    expect(written.settings).toMatchObject({ alerts: "C024BE91L", timezone: "Europe/London" });
    expect(written.rules[1]).toMatchObject({
      channel: "#orders",
      timeoutSeconds: 7200,
      limits: { maxDurationSeconds: 5400 },
    });
  });
});

test("e-mail addresses are lower case wherever they are written", () => {
  const policy = policyOf(
    smallPolicy
      .replace("  alice@", "  Alice@")
      .replace("[alice@", "[ALICE@")
      .replace("[group:security]", "[Dana@Example.com]")
      .replace("from: [group:leads]", "from: [Bob@example.com]"),
  );
  expect([...policy.people.keys()]).toEqual(["alice@example.com"]);
  expect(policy.groups.get("engineers")).toEqual({
    kind: "members",
    members: new Set(["alice@example.com", "erin@example.com"]),
  });
  expect(policy.settings.admins).toEqual(["dana@example.com"]);
  expect(policy.rules[1]).toMatchObject({
    steps: [{ from: ["bob@example.com"] }],
  });
});

test("the example policy loads", async () => {
  const policy = await load(new URL("../../hallpass.example.yml", import.meta.url).pathname);
  expect(policy.rules.map((rule) => `${rule.name}: ${rule.decision}`)).toEqual([
    "on-call reads at once: allow",
    "reading orders takes a lead: review",
    "writing orders takes a lead: review",
  ]);
});
