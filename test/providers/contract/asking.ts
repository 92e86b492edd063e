import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { type Provider, ProviderError } from "../../../src/providers/provider.ts";
import { give, persist, refusal, rule, type Rule, until } from "./rule.ts";
import type { ProviderUnderTest } from "./under-test.ts";

/** More than the 10 s that a call has, for a machine that is busy. */
const patienceMs = 12_000;

type Outcome = PromiseSettledResult<unknown>;

/** What becomes of one of each kind of call, all at once. */
async function allCalls(provider: Provider, it: ProviderUnderTest): Promise<readonly Outcome[]> {
  const { subject, target } = it;
  const { state } = await it.provider.prepare(subject, target);
  return Promise.allSettled([
    provider.identity(),
    provider.prepare(subject, target),
    provider.grant(subject, target, until, state),
    provider.revoke(subject, target, state),
    provider.holds(subject, target, state),
    provider.check([target]),
    ...(provider.lastUsed ? [provider.lastUsed(subject, target, state)] : []),
    ...(provider.holders ? [provider.holders(target)] : []),
    ...(provider.mustKeep ? [provider.mustKeep(subject, target)] : []),
  ]);
}

function expectRetryable(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { retryable: true } });
    expect(outcome).toHaveProperty("reason", expect.any(ProviderError));
  }
}

/** Which system is asked, and what becomes of a call that it does not simply answer. */
export const asking: readonly Rule[] = [
  rule("it says which system it is, the same each time, and of another system another", [], async (it) => {
    const again = it.create();
    const { provider: elsewhere, close } = await it.otherSystem();
    const identity = await it.provider.identity();
    expect(identity).not.toBe("");
    expect(await it.provider.identity()).toBe(identity);
    expect(await again.identity()).toBe(identity);
    expect(await elsewhere.identity()).not.toBe(identity);
    await Promise.all([again.close(), close()]);
  }),

  rule("it does nothing with what was granted on another system", [], async (it) => {
    const { provider: elsewhere, look, close } = await it.otherSystem();
    const { prepared, state } = await give(it, it.subject, it.target);
    await give({ provider: elsewhere }, it.subject, it.target);
    await refusal(elsewhere.revoke(it.subject, it.target, state));
    await refusal(elsewhere.holds(it.subject, it.target, state));
    expect(await look(it.subject, it.target)).toBe(true);
    await refusal(elsewhere.grant(it.subject, it.otherTarget, until, prepared.state));
    expect(await look(it.subject, it.otherTarget)).toBe(false);
    expect(await it.look(it.subject, it.target)).toBe(true);
    await close();
  }),

  rule(
    "it says of a server that isn't there that it is worth another try, whatever it was asked",
    [],
    async (it) => {
      const provider = it.unreachable();
      expectRetryable(await allCalls(provider, it));
      await provider.close();
    },
  ),

  rule("it waits for no answer longer than 10 s, whatever it was asked", ["silent"], async (it) => {
    const { provider, close } = await it.silent();
    const askedAt = performance.now();
    expectRetryable(await allCalls(provider, it));
    expect(performance.now() - askedAt).toBeLessThan(patienceMs);
    await close();
  }),

  rule("it goes on by itself after the system was restarted", ["restart"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    await it.restart();
    expect(await persist(() => it.provider.holds(it.subject, it.target, state), 5)).toBe(true);
    await persist(() => it.provider.revoke(it.subject, it.target, state), 5);
    expect(await it.look(it.subject, it.target)).toBe(false);
    // What is taken stays taken.
    await it.restart();
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule("it says when to come back, where the system does", ["limits"], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    it.limits(7);
    expect(await refusal(it.provider.revoke(it.subject, it.target, state))).toMatchObject({
      retryable: true,
      retryAfterSeconds: 7,
    });
  }),

  rule("it works out a conflict, by itself or when it is asked again", ["conflicts"], async (it) => {
    const { state } = await it.provider.prepare(it.subject, it.target);
    await it.conflicts(2);
    const { state: given } = await persist(() => it.provider.grant(it.subject, it.target, until, state), 5);
    expect(await it.look(it.subject, it.target)).toBe(true);
    await it.conflicts(2);
    await persist(() => it.provider.revoke(it.subject, it.target, given), 5);
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule("it lets calls that are under way end before it is closed", [], async (it) => {
    const { state } = await give(it, it.subject, it.target);
    const provider = it.create();
    const calls = [
      provider.holds(it.subject, it.target, state),
      provider.prepare(it.bystander, it.otherTarget),
      provider.revoke(it.subject, it.target, state),
    ];
    await provider.close();
    expect(await Promise.allSettled(calls)).toMatchObject(calls.map(() => ({ status: "fulfilled" })));
    expect(await it.look(it.subject, it.target)).toBe(false);
  }),

  rule("it lets go of its connections when it is closed", ["counted"], async (it) => {
    const { provider, connections, close } = await it.counted();
    await provider.identity();
    expect(await connections()).toBeGreaterThan(0);
    await provider.close();
    const end = performance.now() + 30_000;
    // The system may see a connection go a little later.
    while ((await connections()) > 0 && performance.now() < end) await sleep(5);
    expect(await connections()).toBe(0);
    await close();
  }),

  // Last: by now everything that can be thrown has been.
  rule("it keeps its secrets, in all that it throws and at any depth", [], ({ thrown, secrets }) => {
    expect(thrown.length).toBeGreaterThan(3);
    const told = thrown.map((error) =>
      inspect(error, { depth: Infinity, showHidden: true, maxStringLength: null }),
    );
    for (const secret of secrets) expect(told.filter((text) => text.includes(secret))).toEqual([]);
    return Promise.resolve();
  }),
];
