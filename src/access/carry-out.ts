import type { Grant } from "../domain/grant.ts";
import type { Command } from "../domain/decide.ts";
import type { Person } from "../domain/person.ts";
import type { ClaimedEffect } from "../persistence/effects.ts";
import { type Provider, ProviderError } from "../providers/provider.ts";
import { apply, readRequest } from "./apply.ts";
import type { RecordDeps } from "./deps.ts";

export type CarryOutDeps = RecordDeps & {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Tells whoever runs Hallpass about a fault of ours; people are given the reference. */
  readonly report: (error: unknown, about: { readonly requestId: string; readonly grantId: string }) => void;
};

/** What became of an effect: `settled` with the transition it caused, `done` without one, or to be tried again. */
export type Outcome =
  | { readonly outcome: "settled" }
  | { readonly outcome: "done"; readonly note?: string }
  | {
      readonly outcome: "again";
      readonly seconds: number;
      /** Then exactly, instead of so many seconds from when this is recorded. */
      readonly at?: Date;
      readonly error: string;
      /** The world is known to be as before. */
      readonly untouched: boolean;
    };

const maxBackoffSeconds = 60;

/** How long after a failed attempt the next one comes. */
export function backoffSeconds(attempts: number): number {
  return Math.min(maxBackoffSeconds, 2 ** Math.min(attempts - 1, 10));
}

const maxSlackBackoffSeconds = 10;

/** Access is given to nobody of whom it is not known whether they may still have it. */
export function waitForSlack({ attempts }: Pick<ClaimedEffect, "attempts">, why: string): Outcome {
  const seconds = Math.min(maxSlackBackoffSeconds, 2 ** (attempts - 1));
  return { outcome: "again", seconds, error: why, untouched: true };
}

export const settled: Outcome = { outcome: "settled" };

/** An effect on one grant. */
export type GrantEffect = Extract<ClaimedEffect, { kind: "grant" | "revoke" | "check_idle" }>;

/** Which grant a fault is reported of. */
type About = { readonly requestId: string; readonly grantId: string };

/** Why a provider did not do what it was asked, in words a person can be shown. */
export type Failure = { readonly failure: string; readonly retryable: boolean };

/** Records the outcome of an effect and settles the effect in the same statement. */
export async function settle(deps: CarryOutDeps, effect: GrantEffect, command: Command): Promise<Outcome> {
  const applied = await apply(deps, effect.requestId, command, () => ({ effect, done: true }));
  return applied.applied ? settled : { outcome: "done", note: applied.refusal };
}

/** The grant an effect is about, as the database has it now, and whose it is. */
export async function readGrant(
  deps: CarryOutDeps,
  effect: GrantEffect,
): Promise<{ readonly grant: Grant; readonly requester: Person }> {
  const read = await readRequest(deps, effect.requestId);
  const grant = read?.state.grants.find(({ id }) => id === effect.grantId);
  if (!read || !grant)
    throw new Error(`effect ${effect.id} names a grant that does not exist: ${effect.grantId}`);
  return { grant, requester: read.state.request.requester };
}

/** Whether an earlier attempt may have done what this one is to do: it failed without proof that it had not, or its maker died. */
export function isResumed({ startedAt, now }: Pick<ClaimedEffect, "startedAt" | "now">): boolean {
  return startedAt < now;
}

/** Whether the provider shows the access; why it cannot be read where it cannot. */
export async function readBack(
  deps: CarryOutDeps,
  about: About,
  provider: Provider,
  { subject, target, state }: Pick<Grant, "subject" | "target" | "state">,
): Promise<boolean | Failure> {
  try {
    return await provider.holds(subject, provider.targetSchema.parse(target), state);
  } catch (error) {
    return failureOf(deps, about, error);
  }
}

/** What a provider threw, told apart: its own words, or a fault of ours, which is reported and shown as a reference. */
export function failureOf(deps: CarryOutDeps, about: About, error: unknown): Failure {
  if (error instanceof ProviderError) return { failure: error.message, retryable: error.retryable };
  deps.report(error, about);
  return { failure: `a fault in Hallpass itself (reference ${about.grantId})`, retryable: false };
}
