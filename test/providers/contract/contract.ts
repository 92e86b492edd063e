import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { ProviderDefinition } from "../../../src/providers/define.ts";
import { describeIf } from "../../support/describe-if.ts";
import { recorded } from "./recorded.ts";
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

    test("it brings all that rules need, but for what it says it lacks", () => {
      const missing = abilities.filter((ability) => it[ability] === undefined);
      expect(missing).toEqual(Object.keys(lacks).toSorted());
    });

    const owed = rules.filter(({ method }) => !method || definition.can?.includes(method) === true);
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
  const noted = <Each extends Another>(another: Each): Each => ({
    ...another,
    provider: recorded(another.provider, thrown),
  });
  const { silent, withoutRights, counted } = it;
  return {
    ...it,
    definition,
    thrown,
    provider: recorded(it.provider, thrown),
    create: () => recorded(it.create(), thrown),
    unreachable: () => recorded(it.unreachable(), thrown),
    otherSystem: async () => noted(await it.otherSystem()),
    ...(silent && { silent: async () => noted(await silent()) }),
    ...(counted && { counted: async () => noted(await counted()) }),
    ...(withoutRights && { withoutRights: async () => (await withoutRights()).map(noted) }),
  };
}
