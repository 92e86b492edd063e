import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { emptyFolder, hallpass } from "./run-hallpass.ts";

const example = fileURLToPath(new URL("../../hallpass.example.yml", import.meta.url));
const policy = `version: 1
settings: { channel: "#a" }
groups: { idle: { members: [alice@example.com] } }
providers: { pg: { type: postgres, url: "\${URL}" } }
resources: { db: { provider: pg, roles: { read: { grant: { role: r } } } } }
`;

describe("--sarif", () => {
  const Location = z.strictObject({
    physicalLocation: z.strictObject({
      artifactLocation: z.strictObject({ uri: z.string() }),
      region: z.strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1) }),
    }),
  });
  const level = z.enum(["none", "note", "warning", "error"]);
  /** What code scanning takes of SARIF 2.1.0. */
  const Sarif = z.strictObject({
    $schema: z.url(),
    version: z.literal("2.1.0"),
    runs: z.tuple([
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.literal("Hallpass"),
            version: z.string(),
            rules: z.array(
              z.strictObject({
                id: z.string(),
                shortDescription: z.strictObject({ text: z.string() }),
                defaultConfiguration: z.strictObject({ level }),
              }),
            ),
          }),
        }),
        columnKind: z.literal("utf16CodeUnits"),
        results: z.array(
          z.strictObject({
            ruleId: z.string(),
            level,
            message: z.strictObject({ text: z.string().min(1) }),
            locations: z.tuple([Location]),
          }),
        ),
      }),
    ]),
  });
  let cwd: string;
  beforeEach(async () => {
    cwd = await emptyFolder();
  });
  afterEach(() => rm(cwd, { recursive: true }));

  async function resultsOf(file: string) {
    const { code, stdout } = await hallpass(["policy", "check", "--sarif", file], { cwd });
    const [{ tool, results }] = Sarif.parse(JSON.parse(stdout)).runs;
    const ids = tool.driver.rules.map(({ id }) => id);
    for (const { ruleId } of results) expect(ids).toContain(ruleId);
    return { code, results };
  }

  test("says where faults stand, by the path in the repository", async () => {
    await mkdir(join(cwd, "our policies"));
    const path = join(cwd, "our policies", "a.yml");
    await writeFile(path, 'version: 2\nsettings: { channel: "#a" }\n');
    const { code, results } = await resultsOf(path);
    expect([code, results]).toEqual([
      1,
      [
        {
          ruleId: "policy-error",
          level: "error",
          message: { text: "expected 1, the version of this format, got 2" },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: "our%20policies/a.yml" },
                region: { startLine: 1, startColumn: 10 },
              },
            },
          ],
        },
      ],
    ]);
  });

  test("gives every kind of warning an id", async () => {
    await writeFile(join(cwd, "hallpass.yml"), policy);
    const { code, results } = await resultsOf("hallpass.yml");
    expect(code).toBe(0);
    expect(results.map(({ ruleId, level: said }) => `${said} ${ruleId}`)).toEqual([
      "warning unused-group",
      "warning ungiven-role",
    ]);
  });

  test("is empty where nothing is wrong, and does not go with --json", async () => {
    expect(await resultsOf(example)).toEqual({ code: 0, results: [] });
    const { code, stderr } = await hallpass(["policy", "check", "--sarif", "--json", example]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("cannot be used with option")]);
  });
});
