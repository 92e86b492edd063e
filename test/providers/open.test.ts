import { once } from "node:events";
import { z } from "zod";
import { openProvider } from "../../src/providers/open.ts";
import { ProviderError } from "../../src/providers/provider.ts";
import { fakeDefinition } from "./fake-definition.ts";

const until = new Date("2030-01-01T12:00:00Z");
const noSecret = (): undefined => undefined;

/** A provider whose calls wait until they are let go, in the order they came. */
function held(atOnce?: number, milliseconds?: number) {
  const begun: { readonly subject: string; readonly end: () => void }[] = [];
  const changes = new EventTarget();
  let isClosed = false;
  const definition = fakeDefinition(
    {
      holds: (subject) =>
        new Promise((resolve) => {
          begun.push({ subject, end: () => resolve(true) });
          changes.dispatchEvent(new Event("begun"));
        }),
      close() {
        isClosed = true;
        return Promise.resolve();
      },
    },
    atOnce === undefined ? {} : { atOnce },
  );
  const provider = openProvider("p", definition, {}, noSecret, milliseconds);
  const ask = (subject: string): Promise<boolean> => provider.holds(subject, { role: "r" }, {});
  const hasBegun = async (count: number): Promise<void> => {
    while (begun.length < count) await once(changes, "begun");
  };
  return { provider, begun, ask, hasBegun, isClosed: () => isClosed };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `s${index}`);

describe("what a policy says of a provider", () => {
  const definition = (seen: unknown[]) =>
    fakeDefinition(
      {},
      {
        options: z.strictObject({
          url: z.string(),
          replicas: z.array(z.strictObject({ url: z.string().regex(/^pg:/u, { error: "expected pg:" }) })),
          port: z.number(),
          tls: z.strictObject({ key: z.string() }).optional(),
        }),
        create(options) {
          seen.push(options);
          return fakeDefinition().create({});
        },
      },
    );
  const written = {
    url: "pg://${USER}@${HOST}",
    port: 1,
    replicas: [{ url: "pg:a" }, { url: "${REPLICA}" }],
    tls: { key: "${KEY}" },
  };
  const secrets: Record<string, string> = { USER: "u", HOST: "h", REPLICA: "pg:b", KEY: "a${HOST}$&" };

  test("has its references resolved at any depth, once", () => {
    const seen: unknown[] = [];
    openProvider("orders", definition(seen), written, (name) => secrets[name]);
    expect(seen).toEqual([
      { url: "pg://u@h", port: 1, replicas: [{ url: "pg:a" }, { url: "pg:b" }], tls: { key: "a${HOST}$&" } },
    ]);
  });

  test.each([undefined, ""])("misses a variable that is %j, by the key that needs it", (missing) => {
    const open = (): unknown =>
      openProvider("orders", definition([]), written, (name) =>
        name === "REPLICA" ? missing : secrets[name],
      );
    expect(open).toThrow(
      'Provider "orders" needs the environment variable REPLICA for replicas.1.url, which is not set.',
    );
  });

  test("is checked once it is known, by the key and without what came", () => {
    const open = (): unknown =>
      openProvider("orders", definition([]), written, (name) =>
        name === "REPLICA" ? "word-7" : secrets[name],
      );
    expect(open).toThrow(/^Provider "orders", replicas\.1\.url: expected pg:\.$/u);
  });

  test("is not repeated, even where its type's words do", () => {
    const repeating = fakeDefinition(
      {},
      {
        options: z.strictObject({
          url: z.string().refine(() => false, { error: ({ input }) => `not ${String(input)}` }),
        }),
      },
    );
    const open = (): unknown => openProvider("orders", repeating, { url: "${URL}" }, () => "word-7");
    expect(open).toThrow('Provider "orders", url: not ***.');
  });
});

describe("a provider in use", () => {
  test("is told targets as its type reads them", async () => {
    const targets: unknown[] = [];
    const note = (target: unknown): Promise<never[]> => Promise.resolve((targets.push(target), []));
    const provider = openProvider(
      "p",
      fakeDefinition({ holders: note }, { target: z.string().transform((role) => ({ role })) }),
      {},
      noSecret,
    );
    await provider.holders?.("r");
    expect(targets).toEqual([{ role: "r" }]);
  });

  test("refuses for good what its type does not grant, and is not asked", async () => {
    const provider = openProvider(
      "p",
      fakeDefinition({ prepare: () => Promise.reject(new Error("asked")), howToUse: () => "so" }),
      {},
      noSecret,
    );
    const words = "this is nothing that a provider of type fake grants: role: expected a role";
    const calls = [
      provider.prepare("s", { team: "x" }),
      provider.grant("s", {}, until, {}),
      provider.revoke("s", undefined, {}),
      provider.holds("s", { role: 7 }, {}),
      provider.check([{ role: "r" }, {}]),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { retryable: false } });
      expect(outcome).toHaveProperty("reason", expect.any(ProviderError));
    }
    await expect(calls[1]).rejects.toThrow(words);
    expect(() => provider.howToUse?.("s", {}, {})).toThrow(words);
  });

  test("has the optional methods that its kind has, and what its kind says of time", () => {
    const bare = openProvider("p", fakeDefinition(), {}, noSecret);
    const optional = ["lastUsed", "holders", "mustKeep", "howToUse"];
    expect(optional.filter((name) => name in bare)).toEqual([]);
    expect(bare).toMatchObject({ type: "fake", settlesSeconds: 15 });
    expect(openProvider("p", fakeDefinition({}, { settlesSeconds: 300 }), {}, noSecret)).toMatchObject({
      settlesSeconds: 300,
    });
  });

  test("keeps what belongs to its methods", async () => {
    class Kept {
      readonly why = "an administrator";
      mustKeep(): Promise<string> {
        return Promise.resolve(this.why);
      }
    }
    const kept = Object.assign(new Kept(), { ...fakeDefinition().create({}) });
    const provider = openProvider("p", fakeDefinition({}, { create: () => kept }), {}, noSecret);
    expect(await provider.mustKeep?.("s", { role: "r" })).toBe("an administrator");
  });

  test("throws what its kind threw, as it was", async () => {
    const faults = [new TypeError("ours"), new ProviderError("theirs", { retryable: true })];
    for (const fault of faults) {
      const provider = openProvider(
        "p",
        fakeDefinition({ identity: () => Promise.reject(fault) }),
        {},
        noSecret,
      );
      await expect(provider.identity()).rejects.toBe(fault);
    }
  });

  test.each([
    ["four calls at a time", undefined, 4],
    ["as many as its kind says", 2, 2],
  ])("makes %s, in the order they came", async (_, atOnce, expected) => {
    const { ask, begun, hasBegun } = held(atOnce);
    const calls = names(expected + 2).map((name) => ask(name));
    await hasBegun(expected);
    expect(begun.map(({ subject }) => subject)).toEqual(names(expected));
    begun[1]?.end();
    await hasBegun(expected + 1);
    expect(begun.at(-1)?.subject).toBe(`s${expected}`);
    begun[0]?.end();
    await hasBegun(expected + 2);
    for (const { end } of begun) end();
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  });

  test("lets no call take for ever, and begins none that was given up", async () => {
    const { ask, begun, hasBegun } = held(1, 100);
    const late = [ask("slow"), ask("behind")];
    const told = await Promise.allSettled(late);
    expect(told).toMatchObject([
      { reason: { retryable: true, message: "no answer within 0.1 s" } },
      { reason: { retryable: true, message: "no turn among 1 calls at a time within 0.05 s" } },
    ]);
    const next = ask("next");
    await hasBegun(2);
    expect(begun.map(({ subject }) => subject)).toEqual(["slow", "next"]);
    begun[1]?.end();
    expect(await next).toBe(true);
  });

  test("is closed once the calls under way have ended, those that wait among them, and takes no more", async () => {
    const { provider, ask, begun, hasBegun, isClosed } = held(1);
    const calls = [ask("one"), ask("two")];
    await hasBegun(1);
    const closed = provider.close();
    await expect(ask("three")).rejects.toMatchObject({ retryable: true });
    begun[0]?.end();
    await hasBegun(2);
    expect(isClosed()).toBe(false);
    begun[1]?.end();
    await Promise.all(calls);
    await closed;
    expect(isClosed()).toBe(true);
  });
});

test("two kinds of provider are never one system, whatever either says it is", async () => {
  const says = { identity: () => Promise.resolve("tool-1") };
  const one = openProvider("one", fakeDefinition(says), {}, noSecret);
  const other = openProvider("other", fakeDefinition(says, { type: "another" }), {}, noSecret);
  expect(await one.identity()).toBe("fake tool-1");
  expect(await other.identity()).toBe("another tool-1");
});
