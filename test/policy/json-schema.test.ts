import { Ajv } from "ajv";
import { z } from "zod";
import { policyJsonSchema } from "../../src/policy/language/json-schema.ts";
import type { ProviderType } from "../../src/policy/language/provider-check.ts";

const Role = z.strictObject({ role: z.string() });
const kind = (title: string, more: Partial<ProviderType> = {}): ProviderType => ({
  title,
  options: z.strictObject({ url: z.string() }),
  target: Role,
  subject: z.string(),
  ...more,
});

const schema = policyJsonSchema({
  postgres: kind("PostgreSQL roles"),
  mysql: kind("MySQL roles"),
  teams: kind("teams", {
    options: z.union([z.strictObject({ token: z.string() }), z.strictObject({ app: z.number() })]),
    target: z.strictObject({ team: z.string() }),
  }),
});
const isValid = new Ajv().compile(schema);
const takes = (parts: object): boolean => isValid({ version: 1, settings: { channel: "#a" }, ...parts });

/** Every `anyOf` in a schema. */
function choicesIn(value: unknown): readonly (readonly unknown[])[] {
  if (typeof value !== "object" || value === null) return [];
  const own: unknown = Reflect.get(value, "anyOf");
  return [...(Array.isArray(own) ? [own] : []), ...Object.values(value).flatMap(choicesIn)];
}

test("no choice offers the same twice, and each says what it is for", () => {
  const choices = choicesIn(schema);
  expect(choices.length).toBeGreaterThan(2);
  for (const choice of choices)
    expect(new Set(choice.map((one) => JSON.stringify(one))).size).toBe(choice.length);
  expect(JSON.stringify(schema)).toContain('"title":"PostgreSQL roles; MySQL roles"');
});

test.each([
  ["its own options", { type: "mysql", url: "${URL}" }, true],
  ["one of several ways to be reached", { type: "teams", app: 7 }, true],
  ["another one's options", { type: "mysql", token: "${TOKEN}" }, false],
  ["no type", { url: "${URL}" }, false],
  ["a type that there is none of", { type: "oracle", url: "${URL}" }, false],
])("an editor judges a provider with %s", (_, provider, expected) => {
  expect(takes({ providers: { p: provider } })).toBe(expected);
});

test("an editor takes what some provider grants, and nothing else", () => {
  const granting = (grant: object): object => ({
    resources: { r: { provider: "p", roles: { x: { grant } } } },
  });
  expect(takes(granting({ role: "x" }))).toBe(true);
  expect(takes(granting({ team: "x" }))).toBe(true);
  expect(takes(granting({ group: "x" }))).toBe(false);
});
