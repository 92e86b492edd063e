import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Provider } from "../../src/providers/provider.ts";
import { ProviderError } from "../../src/providers/provider.ts";

/** What a provider brings so that the contract can be put to it. */
export interface ProviderUnderTest<Target> {
  readonly provider: Provider<Target>;
  /** Somebody the provider knows, who holds nothing. */
  readonly subject: string;
  /** Somebody else the provider knows, who holds nothing. */
  readonly bystander: string;
  /** Somebody the provider doesn't know. */
  readonly stranger: string;
  readonly target: Target;
  /** Something else to hold. */
  readonly otherTarget: Target;
  /** Looks without the provider's help whether somebody holds the target. */
  look(subject: string, target: Target): Promise<boolean>;
  /** The same kind of provider, for a server that isn't there. */
  unreachable(): Provider<Target>;
  close(): Promise<void>;
}

const until = new Date(Date.now() + 3_600_000);

/** What Hallpass relies on in every provider, whatever it is made of. */
export function describeProviderContract<Target>(
  name: string,
  create: () => Promise<ProviderUnderTest<Target>>,
): void {
  describe(`${name}, as any provider`, () => {
    let it: ProviderUnderTest<Target>;

    beforeAll(async () => {
      it = await create();
    });

    afterAll(async () => {
      await it.provider.close();
      await it.close();
    });

    test("gives what it is told to, to whom it is told to, and nothing else", async () => {
      await it.provider.grant(it.subject, it.target, until);
      expect(await it.look(it.subject, it.target)).toBe(true);
      expect(await it.look(it.subject, it.otherTarget)).toBe(false);
      expect(await it.look(it.bystander, it.target)).toBe(false);
    });

    test("grants again what is granted, as after a crash", async () => {
      const state = await it.provider.grant(it.subject, it.target, until);
      expect(await it.look(it.subject, it.target)).toBe(true);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    });

    test("takes away what it gave, whoever else holds the same and whatever else is held", async () => {
      const state = await it.provider.grant(it.subject, it.target, until);
      await it.provider.grant(it.subject, it.otherTarget, until);
      await it.provider.grant(it.bystander, it.target, until);
      await it.provider.revoke(it.subject, it.target, state);
      expect(await it.look(it.subject, it.target)).toBe(false);
      expect(await it.look(it.subject, it.otherTarget)).toBe(true);
      expect(await it.look(it.bystander, it.target)).toBe(true);
      await it.provider.revoke(it.subject, it.otherTarget, undefined);
      await it.provider.revoke(it.bystander, it.target, undefined);
      expect(await it.look(it.subject, it.otherTarget)).toBe(false);
      expect(await it.look(it.bystander, it.target)).toBe(false);
    });

    test("says what is held by looking, not from memory", async () => {
      expect(await it.provider.holds(it.subject, it.target, undefined)).toBe(false);
      const state = await it.provider.grant(it.subject, it.target, until);
      expect(await it.provider.holds(it.subject, it.target, state)).toBe(true);
      expect(await it.provider.holds(it.subject, it.target, undefined)).toBe(true);
      expect(await it.provider.holds(it.bystander, it.target, state)).toBe(false);
      await it.provider.revoke(it.subject, it.target, state);
      expect(await it.provider.holds(it.subject, it.target, state)).toBe(false);
    });

    test("says who has what, all of them and nobody else", async () => {
      const before = await it.provider.holders(it.target);
      const state = await it.provider.grant(it.subject, it.target, until);
      await it.provider.grant(it.bystander, it.target, until);
      const both = await it.provider.holders(it.target);
      expect(both.toSorted()).toEqual([...before, it.subject, it.bystander].toSorted());
      expect(await it.provider.holders(it.otherTarget)).not.toContain(it.subject);
      await it.provider.revoke(it.subject, it.target, state);
      const left = await it.provider.holders(it.target);
      expect(left.toSorted()).toEqual([...before, it.bystander].toSorted());
      await it.provider.revoke(it.bystander, it.target, undefined);
      expect(await it.provider.holders(it.target)).toEqual(before);
    });

    test("says of nobody ordinary that they must keep what they have, where it can tell", async () => {
      await it.provider.grant(it.subject, it.target, until);
      expect(await it.provider.mustKeep?.(it.subject, it.target)).toBeUndefined();
      await it.provider.revoke(it.subject, it.target, undefined);
    });

    test("shows no use of what nobody has used", async () => {
      const state = await it.provider.grant(it.subject, it.target, until);
      expect(await it.provider.lastUsed(it.subject, it.target, state)).toBeUndefined();
      expect(await it.provider.lastUsed(it.stranger, it.target, undefined)).toBeUndefined();
      await it.provider.revoke(it.subject, it.target, state);
    });

    test("takes away again what is gone, or never was, without a word", async () => {
      await it.provider.revoke(it.subject, it.target, {});
      await it.provider.revoke(it.subject, it.target, undefined);
      await it.provider.revoke(it.stranger, it.target, undefined);
      expect(await it.provider.holds(it.stranger, it.target, undefined)).toBe(false);
    });

    test("does the same for many at once", async () => {
      const both = [it.subject, it.bystander];
      const pairs = both.flatMap((subject) =>
        [it.target, it.otherTarget].map((target) => ({ subject, target })),
      );
      await Promise.all(pairs.map(({ subject, target }) => it.provider.grant(subject, target, until)));
      for (const { subject, target } of pairs) expect(await it.look(subject, target)).toBe(true);
      await Promise.all(pairs.map(({ subject, target }) => it.provider.revoke(subject, target, undefined)));
      for (const { subject, target } of pairs) expect(await it.look(subject, target)).toBe(false);
    });

    test("refuses for good to grant to somebody it doesn't know", async () => {
      const refusal = it.provider.grant(it.stranger, it.target, until);
      await expect(refusal).rejects.toBeInstanceOf(ProviderError);
      await expect(refusal).rejects.toMatchObject({ retryable: false });
    });

    test("knows its targets, and refuses what isn't one", () => {
      expect(it.provider.targetSchema.safeParse(it.target).success).toBe(true);
      expect(it.provider.targetSchema.safeParse({ ...it.target, surplus: true }).success).toBe(false);
      expect(it.provider.targetSchema.safeParse({}).success).toBe(false);
      expect(it.provider.targetSchema.safeParse(undefined).success).toBe(false);
    });

    test("says that it is ready", async () => {
      await expect(it.provider.check()).resolves.toBeUndefined();
    });

    test("says of a server that isn't there that it is worth another try, whatever it was asked", async () => {
      const provider = it.unreachable();
      const calls = [
        provider.grant(it.subject, it.target, until),
        provider.revoke(it.subject, it.target, undefined),
        provider.holds(it.subject, it.target, undefined),
        provider.lastUsed(it.subject, it.target, undefined),
        provider.holders(it.target),
        provider.check(),
      ];
      // All at once: the answer to one may come before the answer to the one before it.
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { retryable: true } });
        expect(outcome).toHaveProperty("reason", expect.any(ProviderError));
      }
      await provider.close();
    });
  });
}
