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
  /** How somebody is known whom `people:` does not name; by what stands before the `@` of their address where absent. */
  subjectFor?(options: Options, email: string): Subject;
  /** Within so many seconds a grant shows, and is tried that long; 15 where absent. */
  readonly settlesSeconds?: number;
  /** So many calls at a time at most; 4 where absent. */
  readonly atOnce?: number;
  /** The optional methods that all its providers have, so that a policy can be checked without a system. */
  readonly can?: readonly ("lastUsed" | "holders" | "mustKeep")[];
  /** With every reference resolved. */
  create(options: Options): Provider<Target>;
};

/** A definition with its types checked. */
export function defineProvider<Options, Target>(
  definition: ProviderDefinition<Options, Target>,
): ProviderDefinition<Options, Target> {
  return definition;
}
