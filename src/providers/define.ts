import type { z } from "zod";
import type { Provider, Subject } from "./provider.ts";

/** A kind of provider: its options under `providers:`, its targets under `grant:`, and how it is created. */
export type ProviderDefinition<Options = unknown, Target = unknown> = {
  /** Its name in `type:`. */
  readonly type: string;
  /** What it guards, for a list of the kinds: "PostgreSQL roles". */
  readonly title: string;
  /**
   * The schema of an entry under `providers:` apart from its `type`; strict. Also checks entries with `${NAME}`
   * references still in them.
   */
  readonly options: z.ZodType<Options>;
  /** The schema of what `grant:` may hold; strict. */
  readonly target: z.ZodType<Target>;
  /** The schema of its subjects: refuses what is no name there, and normalises every spelling of a name to one. */
  readonly subject: z.ZodType<string>;
  /**
   * The subject of somebody not named in `people:`, by their address in lower case; by default the part before the `@`.
   * `undefined`: they have none. Gets options as written, with `${NAME}` references in them.
   */
  subjectFor?(options: Options, email: string): Subject | undefined;
  /**
   * What a requester has to type, such as a public key: one text per key, each with a `title` and perhaps a
   * `description` in its `meta`. It is recorded and approvers read it, so never a secret. Gets options as written.
   * `undefined`: nothing.
   */
  input?(options: Options): z.ZodObject<Readonly<Record<string, z.ZodType<string>>>> | undefined;
  /** How many seconds a grant may take to show; it is retried that long. 15 by default. */
  readonly settlesSeconds?: number;
  /** Maximum calls at a time; 4 by default. */
  readonly atOnce?: number;
  /**
   * The optional methods that all its providers have, so that a policy can be checked without a system; and `handover`,
   * if a grant may hand something over.
   */
  readonly can?: readonly ("lastUsed" | "holders" | "mustKeep" | "handover")[];
  /** Creates a provider from options with every reference resolved. */
  create(options: Options): Provider<Target>;
};

/** Returns a definition, with its types checked. */
export function defineProvider<Options, Target>(
  definition: ProviderDefinition<Options, Target>,
): ProviderDefinition<Options, Target> {
  return definition;
}
