import { readFile } from "node:fs/promises";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { hallpass } from "./run-hallpass.ts";

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), "utf8");

test("the schema beside the example is the one this version prints; `npm run docs:schema` writes it", async () => {
  const { code, stdout } = await hallpass(["policy", "schema"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(await read("hallpass.schema.json")));
  expect(await read("hallpass.example.yml")).toMatch(
    /^# yaml-language-server: \$schema=\.\/hallpass\.schema\.json\n/,
  );
});

describe("an editor", () => {
  const validate = async () => new Ajv().compile(JSON.parse(await read("hallpass.schema.json")));

  test("takes the example", async () => {
    const isValid = await validate();
    expect([isValid(parse(await read("hallpass.example.yml"))), isValid.errors]).toEqual([true, null]);
  });

  test.each([
    ["a key that is not known", { rulez: [] }],
    ["a provider of a type that is not known", { providers: { p: { type: "telepathy" } } }],
    ["a key no such provider has", { providers: { p: { type: "postgres", url: "${URL}", ulr: "" } } }],
    [
      "access that names no role",
      { rules: [{ name: "r", requesters: ["everyone"], access: ["db"], decision: "allow" }] },
    ],
    [
      "a grant its provider cannot make",
      { resources: { R: { provider: "p", roles: { x: { grant: { rôle: "y" } } } } } },
    ],
  ])("marks %s", async (_, wrong) => {
    const isValid = await validate();
    expect(isValid({ version: 1, settings: { channel: "#a" }, ...wrong })).toBe(false);
  });

  test("takes names with capitals", async () => {
    const isValid = await validate();
    expect(isValid({ version: 1, settings: { channel: "#a" }, groups: { DBAs: { members: [] } } })).toBe(
      true,
    );
  });
});
