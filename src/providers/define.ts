import type { z } from "zod";
import type { Provider, Subject } from "./provider.ts";

/** A kind of provider: what `providers:` may say of one, what `grant:` may hold for it, and how it is made. */
export type ProviderDefinition<Options = unknown, Target = unknown> = {
  /** As `type:` names it. */
  readonly type: string;
  /** What it guards, for a list of what there is: "PostgreSQL roles". */
  readonly title: string;
  /** Of an entry under `providers:` apart from its `type`; strict. `${NAME}` references are still in it when it is checked. */
  readonly options: z.ZodType<Options>;
  /** What `grant:` may hold; strict. */
  readonly target: z.ZodType<Target>;
  /** How it writes whom it knows: refuses what is no name there, and brings every spelling of one to the same. */
  readonly subject: z.ZodType<string>;
  /**
   * How it knows somebody whom `people:` does not name, by their address, in lower case; what stands before the `@` where absent.
   * `undefined`: not at all. Sees options as they are written, with `${NAME}` references in them.
   */
  subjectFor?(options: Options, email: string): Subject | undefined;
  /**
   * What whoever asks has to type, such as a public key: a text a key, each with a `title` and perhaps a `description` in its
   * `meta`. It is on record and approvers read it, so never a secret. Sees options as they are written. `undefined`: nothing.
   */
  input?(options: Options): z.ZodObject<Readonly<Record<string, z.ZodType<string>>>> | undefined;
  /** Within so many seconds a grant shows, and is tried that long; 15 where absent. */
  readonly settlesSeconds?: number;
  /** So many calls at a time at most; 4 where absent. */
  readonly atOnce?: number;
  /**
   * The optional methods that all its providers have, so that a policy can be checked without a system; and `handover`, where a
   * grant may hand something over.
   */
  readonly can?: readonly ("lastUsed" | "holders" | "mustKeep" | "handover")[];
  /** With every reference resolved. */
  create(options: Options): Provider<Target>;
};

/** A definition with its types checked. */
export function defineProvider<Options, Target>(
  definition: ProviderDefinition<Options, Target>,
): ProviderDefinition<Options, Target> {
  return definition;
}
