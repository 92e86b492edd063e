import { createProviders, providerDefinitions, providerTypes } from "../../src/providers/registry.ts";

test("every kind of provider has a type of its own", () => {
  expect(Object.keys(providerTypes)).toHaveLength(providerDefinitions.length);
  for (const [type, definition] of Object.entries(providerTypes)) expect(definition.type).toBe(type);
  expect(Object.keys(providerTypes)).toEqual(expect.arrayContaining(["http", "postgres"]));
});

test("the providers a policy names are made, each of its kind and with its secrets", async () => {
  const entries = new Map([["tool", { type: "http", options: { url: "${URL}", token: "t" } }]]);
  const providers = createProviders(entries, () => "http://127.0.0.1:1");
  expect([...providers.keys()]).toEqual(["tool"]);
  await expect(providers.get("tool")?.check([])).rejects.toThrow("the endpoint at 127.0.0.1:1");
  await providers.get("tool")?.close();
});

test("a type that there is no kind of is said", () => {
  const entries = new Map([["tool", { type: "telepathy", options: {} }]]);
  expect(() => createProviders(entries, () => "")).toThrow(
    'Provider "tool" is of type telepathy, which there is none of.',
  );
});
