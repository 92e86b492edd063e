import type { z } from "zod";
import { isBlank } from "../domain/text.ts";
import { maskSecrets } from "../mask-password.ts";
import type { ProviderDefinition } from "./define.ts";
import { type Granted, type Handover, type Input, type Provider, ProviderError } from "./provider.ts";
import { MissingSecret, resolveSecrets } from "../resolve-secrets.ts";
import { createTurns } from "./turns.ts";

/**
 * A provider as the core uses it: it takes any target and refuses one that is not of its type, limits the calls at a
 * time, and lets none take longer than 10 s. Any error that is not a `ProviderError` is a bug of ours. Once closed, it
 * takes no more calls.
 */
export type LiveProvider = Provider & {
  readonly type: string;
  /** How many seconds a grant may take to show. */
  readonly settlesSeconds: number;
};

/** A last resort: a provider limits its calls itself, and says better what was too slow. */
const callMilliseconds = 10_000;

/**
 * Opens a provider of this kind with options as a policy writes them. Throws an `Error` that names the provider, the
 * key and what is missing or wrong; never the value, because it may be a secret.
 */
export function openProvider(
  name: string,
  definition: ProviderDefinition,
  written: unknown,
  secretOf: (name: string) => string | undefined,
  milliseconds = callMilliseconds,
): LiveProvider {
  const options = readOptions(name, definition, written, secretOf);
  return asLive(
    definition.create(options),
    { ...definition, input: definition.input?.(options) },
    milliseconds,
  );
}

function readOptions(
  name: string,
  { options }: ProviderDefinition,
  written: unknown,
  secretOf: (name: string) => string | undefined,
): unknown {
  try {
    const { value, secrets } = resolveSecrets(written, secretOf);
    const checked = options.safeParse(value);
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    const place = issue?.path.join(".") || "its options";
    const said = `Provider "${name}", ${place}: ${issue?.message}.`;
    // A schema's message may repeat the value.
    throw new Error(maskSecrets(said, secrets));
  } catch (error) {
    if (!(error instanceof MissingSecret)) throw error;
    const { variable, path } = error;
    throw new Error(
      `Provider "${name}" needs the environment variable ${variable} for ${path.join(".")}, which is not set.`,
      { cause: error },
    );
  }
}

/** Maximum characters of a handover, because it is shown in one piece. */
const longestHandover = 10_000;

function handoverFault({ title, text }: Handover): string | undefined {
  if (isBlank(title)) return "expected a title that says what it is";
  if (text === "") return "expected a text, got none";
  if (text.length > longestHandover)
    return `expected at most ${longestHandover} characters, got ${text.length}`;
  if (/\p{Cs}/u.test(text)) return "expected a text of whole characters";
  return title.includes(text) ? "its title, which everybody reads, has it in it" : undefined;
}

type Opened = Pick<ProviderDefinition, "type" | "settlesSeconds" | "atOnce" | "target" | "can"> & {
  readonly input: z.ZodType | undefined;
};

function asLive(raw: Provider, definition: Opened, milliseconds: number): LiveProvider {
  const { type, settlesSeconds = 15, atOnce = 4, can = [] } = definition;
  const turns = createTurns(atOnce, milliseconds);
  let closing: Promise<void> | undefined;

  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing) throw new ProviderError("it is closed: its settings changed", { retryable: true });
    return turns.run(work);
  };

  /** Parses a target from the policy or from a recorded grant; the schema of its type may have changed since. */
  function readTarget(target: unknown): unknown {
    const read = definition.target.safeParse(target);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    const place = issue?.path.join(".") || "the target";
    throw new ProviderError(
      `this is nothing that a provider of type ${type} grants: ${place}: ${issue?.message}`,
      { retryable: false, cause: read.error },
    );
  }

  /** Checks what was typed against what the provider asks for today; the policy may have changed since the request. */
  function checkInput(input: Input = {}): void {
    const read = definition.input?.safeParse(input);
    if (!read || read.success) return;
    const [issue] = read.error.issues;
    throw new ProviderError(
      `the request does not say what this takes by now: ask anew (${issue?.path.join(".")}: ${issue?.message})`,
      { retryable: false },
    );
  }

  function checkHandover(granted: Granted): Granted {
    if (!granted.handover) return granted;
    if (!can.includes("handover"))
      throw new Error(`type ${type} hands something over, and does not say that it can`);
    const fault = handoverFault(granted.handover);
    if (fault === undefined) return granted;
    // Never the text itself.
    throw new ProviderError(`what it hands over cannot be shown: ${fault}`, { retryable: false });
  }

  const [lastUsed, holders] = [raw.lastUsed?.bind(raw), raw.holders?.bind(raw)];
  const [mustKeep, howToUse] = [raw.mustKeep?.bind(raw), raw.howToUse?.bind(raw)];
  return {
    type,
    settlesSeconds,
    // With the type, because another kind of system may give the same identity.
    identity: () => ask(async () => `${type} ${await raw.identity()}`),
    prepare: (subject, target) => ask(async () => raw.prepare(subject, readTarget(target))),
    grant: (subject, target, until, state, input) =>
      ask(async () => {
        checkInput(input);
        return checkHandover(await raw.grant(subject, readTarget(target), until, state, input));
      }),
    revoke: (subject, target, state) => ask(async () => raw.revoke(subject, readTarget(target), state)),
    holds: (subject, target, state) => ask(async () => raw.holds(subject, readTarget(target), state)),
    ...(lastUsed && {
      lastUsed: (subject, target, state) => ask(async () => lastUsed(subject, readTarget(target), state)),
    }),
    ...(holders && { holders: (target) => ask(async () => holders(readTarget(target))) }),
    ...(mustKeep && {
      mustKeep: (subject, target) => ask(async () => mustKeep(subject, readTarget(target))),
    }),
    ...(howToUse && {
      howToUse: (subject, target, state) => howToUse(subject, readTarget(target), state),
    }),
    check: (targets) => ask(async () => raw.check(targets.map(readTarget))),
    close() {
      closing ??= turns.idle().then(() => raw.close());
      return closing;
    },
  };
}
