import type { ProviderDefinition } from "../../../src/providers/define.ts";
import {
  type Granted,
  type Prepared,
  type Provider,
  ProviderError,
  type ProviderState,
} from "../../../src/providers/provider.ts";
import type { Abilities, Ability, ProviderUnderTest } from "./under-test.ts";

/** What is under test, with what the rule needs of it. */
export type Bench<Needs extends Ability = never> = ProviderUnderTest & {
  readonly definition: ProviderDefinition;
  /** All that providers have thrown. */
  readonly thrown: readonly unknown[];
} & Pick<Abilities, Needs>;

/** Something that Hallpass relies on in every provider. */
export type Rule = {
  readonly name: string;
  readonly needs: readonly Ability[];
  /** Only for kinds of provider that have this. */
  readonly method?: "lastUsed" | "holders" | "mustKeep" | "handover" | "input";
  run(this: void, bench: Bench): Promise<void>;
};

export const until = new Date("2030-01-01T12:00:00.000Z");

/** A rule for systems that can show it. */
export function rule<Needs extends Ability = never>(
  name: string,
  needs: readonly Needs[],
  run: (bench: Bench<Needs>) => Promise<void>,
  method?: Rule["method"],
): Rule {
  return {
    name,
    needs,
    ...(method && { method }),
    async run(bench) {
      if (!has(bench, needs)) {
        const missing = needs.filter((need) => bench[need] === undefined).join(", ");
        throw new Error(
          `it needs ${missing} of what is under test: bring it, or say in \`lacks\` why it can't be shown`,
        );
      }
      await run(bench);
    },
  };
}

function has<Needs extends Ability>(bench: Bench, needs: readonly Needs[]): bench is Bench<Needs> {
  return needs.every((need) => bench[need] !== undefined);
}

export type Given = Granted & { readonly prepared: Prepared };

/** Asks first, then grants, as the core does. */
export async function give(
  { provider }: { readonly provider: Provider },
  subject: string,
  target: unknown,
): Promise<Given> {
  const prepared = await provider.prepare(subject, target);
  return { prepared, ...(await provider.grant(subject, target, until, stored(prepared.state))) };
}

/** A state as it comes back from the database. */
export function stored(state: ProviderState): ProviderState {
  const read: ProviderState = JSON.parse(JSON.stringify(state));
  return read;
}

/** The `ProviderError` that a call must end with. */
export async function refusal(call: Promise<unknown>): Promise<ProviderError> {
  const [outcome] = await Promise.allSettled([call]);
  expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(ProviderError) });
  if (outcome.status === "rejected" && outcome.reason instanceof ProviderError) return outcome.reason;
  throw new Error("unreachable: it is expected above");
}

/** Makes a call again, as the core does, as long as it is worth it; its errors are handed to `onError`. */
export async function persist<T>(
  call: () => Promise<T>,
  tries: number,
  onError: (error: ProviderError) => void = () => undefined,
): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ProviderError) || !error.retryable || left === 1) throw error;
      onError(error);
    }
  }
}
