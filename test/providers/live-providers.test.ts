import { createLiveProviders } from "../../src/providers/live-providers.ts";

const secrets: Record<string, string> = { URL: "http://127.0.0.1:1", TOKEN: "t" };

function entry(url: string) {
  return { type: "http", options: { url, token: "${TOKEN}" } };
}

function start() {
  return createLiveProviders(
    (name) => secrets[name],
    (error) => {
      throw error;
    },
  );
}

test("what a policy brings in is in use once it is put in use", async () => {
  const providers = start();
  const use = providers.prepare(new Map([["tool", entry("${URL}")]]));
  expect(providers.byName.size).toBe(0);
  use();
  expect(providers.byName.get("tool")).toMatchObject({ type: "http", settlesSeconds: 15 });
  await providers.close();
});

test("what stays as it is stays in use; what is reached otherwise is another", async () => {
  const providers = start();
  providers.prepare(
    new Map([
      ["same", entry("${URL}")],
      ["moved", entry("${URL}")],
    ]),
  )();
  const [same, moved] = ["same", "moved"].map((name) => providers.byName.get(name));
  const use = providers.prepare(
    new Map([
      ["same", entry("${URL}")],
      ["moved", entry("${URL}/elsewhere")],
      ["more", entry("${URL}")],
    ]),
  );
  use();
  expect([...providers.byName.keys()]).toEqual(["same", "moved", "more"]);
  expect(providers.byName.get("same")).toBe(same);
  expect(providers.byName.get("moved")).not.toBe(moved);
  await providers.close();
});

test("a secret that is missing changes nothing", async () => {
  const providers = start();
  providers.prepare(new Map([["tool", entry("${URL}")]]))();
  const before = providers.byName.get("tool");
  expect(() =>
    providers.prepare(
      new Map([
        ["tool", entry("${URL}/2")],
        ["other", entry("${NONE}")],
      ]),
    ),
  ).toThrow('Provider "other" needs the environment variable NONE for url, which is not set.');
  expect([...providers.byName]).toEqual([["tool", before]]);
  await providers.close();
});

test("a provider that no policy names any more is kept, for what it granted has to be taken away", async () => {
  const providers = start();
  providers.prepare(new Map([["tool", entry("${URL}")]]))();
  providers.prepare(new Map())();
  expect([...providers.byName.keys()]).toEqual(["tool"]);
  await providers.close();
});
