import type { z } from "zod";

/** Where a provider knows somebody: a role name, a login, an ARN. */
export type Subject = string;

/** What a provider hands back at grant and is given again at revoke; JSON, never a secret. */
export type ProviderState = Readonly<Record<string, unknown>>;

/**
 * A system that holds access (a PostgreSQL server, a GitHub organisation, ...).
 *
 * Every call is bounded in time (10 s at most), idempotent, and throws `ProviderError` for what the provider refused or
 * could not be asked.
 */
export interface Provider<Target = unknown> {
  /** What `grant:` may hold for this provider. */
  readonly targetSchema: z.ZodType<Target>;
  /** Gives `subject` the target. `until` is when it should end, for targets that can enforce that themselves. */
  grant(subject: Subject, target: Target, until: Date): Promise<ProviderState>;
  /** Takes the target away again and ends sessions that still use it; fine when already gone. */
  revoke(subject: Subject, target: Target, state: ProviderState | undefined): Promise<void>;
  /** Reads back from the provider, never from memory, whether `subject` has the target. */
  holds(subject: Subject, target: Target, state: ProviderState | undefined): Promise<boolean>;
  /**
   * When `subject` last used the target, by this machine's clock and as far as the provider can tell: `undefined` when it
   * shows no use. Asked every minute or so, and may miss what was shorter; each provider says what it sees.
   */
  lastUsed(subject: Subject, target: Target, state: ProviderState | undefined): Promise<Date | undefined>;
  /** Everybody who has the target now, for drift. */
  holders(target: Target): Promise<readonly Subject[]>;
  /**
   * Why the target is not to be taken from `subject`, whoever gave it: it is whom Hallpass connects as, it administers the
   * provider, others have theirs through it. `undefined`: nothing speaks against it. Where a provider cannot tell, it has no
   * such method, and what nobody gave is never taken away.
   */
  mustKeep?(subject: Subject, target: Target): Promise<string | undefined>;
  /** Throws what an operator can act on when the provider cannot do its work. */
  check(): Promise<void>;
  /** Lets go of connections. */
  close(): Promise<void>;
}

/** The provider refused, or could not be asked. */
export class ProviderError extends Error {
  /** Whether the same call may succeed later (a lost connection) or will not without somebody's help (no such role). */
  readonly retryable: boolean;

  constructor(message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = "ProviderError";
    this.retryable = options.retryable;
  }
}
