import type { ProviderDefinition } from "../../../src/providers/define.ts";
import { describeIf } from "../../support/describe-if.ts";
import { recorded } from "./recorded.ts";
import type { Input, Provider } from "../../../src/providers/provider.ts";
import type { Bench, Rule } from "./rule.ts";
import { abilities, rules } from "./rules.ts";
import type { Another, Lacks, ProviderUnderTest } from "./under-test.ts";

/**
 * Puts the contract to a kind of provider. `open` brings a system of its kind, and people and things there; `lacks` says why it
 * cannot show what some rules need.
 */
export function describeContract(
  definition: ProviderDefinition,
  open: () => Promise<ProviderUnderTest>,
  lacks: Lacks = {},
): void {
  describe(`${definition.title}, as any provider`, () => {
    const thrown: unknown[] = [];
    let it: ProviderUnderTest;
    let bench: Bench;

    beforeAll(async () => {
      it = await open();
      bench = benchOf(definition, it, thrown);
    });

    beforeEach(() => it.clear());

    afterAll(async () => {
      await it.provider.close();
      await it.close();
    });

    const has = (method: NonNullable<Rule["method"]>): boolean =>
      method === "input" ? definition.input !== undefined : definition.can?.includes(method) === true;
    const owed = rules.filter(({ method }) => !method || has(method));

    test("it brings all that rules need, but for what it says it lacks", () => {
      // What it does not ask for or hand over, it need not show.
      const unneeded = new Set<string>([
        ...(has("input") ? [] : ["input"]),
        ...(has("handover") ? [] : ["opens"]),
      ]);
      const missing = abilities.filter((ability) => it[ability] === undefined && !unneeded.has(ability));
      expect(missing).toEqual(Object.keys(lacks).toSorted());
    });

    const whyNot = ({ needs }: Rule): string | undefined => needs.flatMap((need) => lacks[need] ?? [])[0];
    const put = owed.filter((rule) => whyNot(rule) === undefined);

    test.each(put.map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
      expect.hasAssertions();
      await run(bench);
    });

    for (const rule of owed.filter((each) => !put.includes(each)))
      describeIf(false, whyNot(rule) ?? "")(rule.name, () => {
        test("is shown", () => expect(whyNot(rule)).toBeUndefined());
      });
  });
}

/** What is under test, with all that its providers throw noted. */
function benchOf(definition: ProviderDefinition, it: ProviderUnderTest, thrown: unknown[]): Bench {
  const typed = it.input?.typed;
  const put = (provider: Provider): Provider => recorded(withInput(provider, typed), thrown);
  const noted = <Each extends Another>(another: Each): Each => ({
    ...another,
    provider: put(another.provider),
  });
  const { silent, withoutRights, counted } = it;
  return {
    ...it,
    definition,
    thrown,
    provider: put(it.provider),
    create: () => put(it.create()),
    unreachable: () => put(it.unreachable()),
    otherSystem: async () => noted(await it.otherSystem()),
    ...(silent && { silent: async () => noted(await silent()) }),
    ...(counted && { counted: async () => noted(await counted()) }),
    ...(withoutRights && { withoutRights: async () => (await withoutRights()).map(noted) }),
  };
}

/** The provider, told in each grant what its form asks for. */
function withInput(provider: Provider, typed: Input | undefined): Provider {
  if (!typed) return provider;
  return {
    ...provider,
    grant: (subject, target, until, state, input = typed) =>
      provider.grant(subject, target, until, state, input),
  };
}
