import type { Grant, Handover } from "../../domain/grant/grant.ts";
import type { Command } from "../../domain/command.ts";
import type { EffectKind } from "../../domain/effect.ts";
import type { AccessRequest } from "../../domain/request/request.ts";
import { onOneLine, storable } from "../../domain/text.ts";
import type { ClaimedEffect } from "../../persistence/effects/effects.ts";
import type { Settlement } from "../../persistence/requests/requests.ts";
import type { LiveProvider } from "../../providers/open.ts";
import { type Granted, type Input, ProviderError, type ProviderState } from "../../providers/provider.ts";
import { apply, readRequest } from "../apply.ts";
import type { RecordDeps } from "../deps.ts";
import type { SecretBox } from "../secret-box.ts";

export type CarryOutDeps = RecordDeps & {
  readonly providers: ReadonlyMap<string, LiveProvider>;
  readonly secretBox: SecretBox;
  /** Reports a bug of ours to the operator; people are given the reference. */
  readonly report: (error: unknown, about: { readonly requestId: string; readonly grantId: string }) => void;
};

/** Result of an effect: `settled` with the transition it caused, `done` without one, or `again` to be retried. */
export type Outcome =
  | { readonly outcome: "settled" }
  | { readonly outcome: "done"; readonly note?: string }
  | {
      readonly outcome: "again";
      readonly seconds: number;
      /** The exact time of the retry, instead of that many seconds after this is recorded. */
      readonly at?: Date;
      readonly error: string;
      /** True only if nothing outside can have changed. */
      readonly untouched: boolean;
    };

/** Handlers of effects, by kind. Must be idempotent, because an effect may be carried out again. Throwing means: retry later. */
export type Handlers<Kind extends EffectKind = EffectKind> = {
  readonly [K in Kind]: (effect: ClaimedEffect<K>) => Promise<Outcome>;
};

/** Seconds to wait after a failed attempt: 1, 2, 4, ... */
export function backoffSeconds(attempts: number, most = 60): number {
  return Math.min(most, 2 ** (attempts - 1));
}

const maxSlackBackoffSeconds = 10;

/** Retries until Slack says whether the person may still have access: without knowing, none is given. */
export function waitForSlack({ attempts }: Pick<ClaimedEffect, "attempts">, why: string): Outcome {
  const seconds = backoffSeconds(attempts, maxSlackBackoffSeconds);
  return { outcome: "again", seconds, error: why, untouched: true };
}

export const settled: Outcome = { outcome: "settled" };

/** An effect on one grant. */
export type GrantEffect = ClaimedEffect<"grant" | "revoke" | "check_idle">;

/** The grant that a fault is reported about. */
type About = { readonly requestId: string; readonly grantId: string };

/** Why a provider did not do what it was asked, in words a person can be shown. */
export type Failure = {
  readonly failure: string;
  readonly retryable: boolean;
  readonly retryAfterSeconds?: number | undefined;
  /** Nothing is wrong: it is still in progress. */
  readonly isPending?: boolean;
};

/** Records the outcome of an effect and settles the effect in the same statement. */
export async function settle(
  deps: CarryOutDeps,
  effect: GrantEffect,
  command: Command,
  only: Pick<Settlement, "onlyWhileHeld"> = {},
): Promise<Outcome> {
  const applied = await apply(deps, effect.requestId, command, () => ({ effect, done: true, ...only }));
  return applied.applied ? settled : { outcome: "done", note: applied.refusal };
}

/** Reads the grant an effect is about from the database, with its request. */
export async function readGrant(
  deps: CarryOutDeps,
  effect: GrantEffect,
): Promise<{ readonly grant: Grant; readonly request: AccessRequest }> {
  const read = await readRequest(deps, effect.requestId);
  const grant = read?.state.grants.find(({ id }) => id === effect.grantId);
  if (!read || !grant)
    throw new Error(`effect ${effect.id} names a grant that does not exist: ${effect.grantId}`);
  return { grant, request: read.state.request };
}

/** Asks the provider for the access, with what the requester typed for it; seals what is handed over before returning it. */
export async function give(
  { secretBox }: Pick<CarryOutDeps, "secretBox">,
  provider: LiveProvider,
  { id, subject, target, state = {} }: Grant,
  {
    until,
    since,
    request,
  }: {
    readonly until: Date;
    /** A time before the provider is asked. Another grant of the same access that is asked for later may replace what is handed over. */
    readonly since: Date;
    readonly request: Pick<AccessRequest, "planned">;
  },
): Promise<{ readonly state: ProviderState; readonly handover?: Handover }> {
  const given = await provider.grant(subject, target, until, state, inputOf(request, id));
  return sealed(secretBox, id, given, since);
}

/**
 * Asks the provider again for live access whose handover another request may have replaced since: nobody was shown the new one. If
 * that fails too, the requester is told that the old one may no longer work.
 */
export async function handOverAnew(
  deps: CarryOutDeps,
  grant: Grant,
  { because, ...terms }: Omit<Parameters<typeof give>[3], "until"> & { readonly because: string },
): Promise<void> {
  const { id: grantId, requestId, status, expiresAt, handover } = grant;
  if (status !== "active" || !expiresAt || terms.since >= expiresAt || !handover) return;
  const given = await reach(deps, grant)
    .then((provider) => give(deps, provider, grant, { until: expiresAt, ...terms }))
    .catch((error: unknown) => failureOf(deps, { requestId, grantId }, error));
  const anew = "failure" in given ? {} : given;
  await apply(deps, requestId, { type: "hand_over", grantId, because, ...anew });
}

function inputOf({ planned }: Pick<AccessRequest, "planned">, grantId: string): Input | undefined {
  const typed = planned.find((each) => each.grantId === grantId)?.input;
  return typed && Object.fromEntries(typed.map(({ name, value }) => [name, value]));
}

function sealed(
  secretBox: SecretBox,
  grantId: string,
  { state, handover }: Granted,
  since: Date,
): { readonly state: ProviderState; readonly handover?: Handover } {
  if (!handover) return { state };
  const { title, text } = handover;
  return {
    state,
    handover: {
      title: onOneLine(storable(title)),
      sealed: secretBox.close(grantId, text),
      since: since.toISOString(),
    },
  };
}

/**
 * The provider for a grant's system: the one with the grant's name, or, if that points to another system today, another one that
 * points to the grant's system. Throws `ProviderError` if there is none: on another system, absence proves nothing.
 */
export async function reach(
  { providers }: Pick<CarryOutDeps, "providers">,
  { provider: name, ids }: Pick<Grant, "provider" | "ids">,
): Promise<LiveProvider> {
  const provider = providers.get(name);
  if (!ids) {
    if (provider) return provider;
    throw new ProviderError(
      `the provider ${name} is not configured any more; put it back so that this access can be ended`,
      { retryable: true },
    );
  }
  const found = provider && (await provider.identity());
  if (provider && found === ids.system) return provider;
  for (const other of providers.values()) {
    if (other === provider) continue;
    // A provider that cannot be asked points nowhere for now.
    const system = await other.identity().catch(() => undefined);
    if (system === ids.system) return other;
  }
  throw new ProviderError(
    found === undefined
      ? `the provider ${name} is not configured any more, and no other leads to ${ids.system}, where this was granted; put it back so that this access can be ended`
      : `this was granted on another system (${ids.system}) than ${name} leads to now (${found}); point a provider at it so that this access can be ended`,
    { retryable: true },
  );
}

/** Whether the provider shows the access, or why it cannot be read. */
export async function readBack(
  deps: CarryOutDeps,
  about: About,
  grant: Pick<Grant, "provider" | "ids" | "subject" | "target" | "state">,
): Promise<boolean | Failure> {
  try {
    const provider = await reach(deps, grant);
    return await provider.holds(grant.subject, grant.target, grant.state ?? {});
  } catch (error) {
    return failureOf(deps, about, error);
  }
}

/** Turns an error into a failure: the provider's own words, or a bug of ours, which is reported and shown as a reference. */
export function failureOf(deps: CarryOutDeps, about: About, error: unknown): Failure {
  if (error instanceof ProviderError) {
    const { message, retryable, retryAfterSeconds, isPending } = error;
    // Characters that the database refuses would make the write fail.
    const failure = message.replaceAll(/\p{Cs}|\0/gu, "\uFFFD");
    return { failure, retryable, retryAfterSeconds, isPending };
  }
  deps.report(error, about);
  return { failure: `a fault in Hallpass itself (reference ${about.grantId})`, retryable: false };
}
