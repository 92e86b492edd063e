/** Where a provider knows somebody: a role name, a login, an ARN. */
export type Subject = string;

/**
 * What a provider has to know again at every later call, above all at the end: what it added, by the system's own ids, and what
 * was there before. JSON, never a secret.
 */
export type ProviderState = Readonly<Record<string, unknown>>;

/** What a system shows of somebody and something to hold, before anything is asked of it. */
export type Prepared = {
  /** Who and what it is by the system's own ids, which outlast every new name. The same two are the same access. */
  readonly subjectId: string;
  readonly targetId: string;
  /** On record before `grant` is called, and handed to it and to every later call. */
  readonly state: ProviderState;
  /** The subject has it already, so that it works: by a right of their own, as far as this system can tell. */
  readonly isHeld: boolean;
};

/** What whoever asked typed into the form, by field; read by the definition's `input`. */
export type Input = Readonly<Record<string, string>>;

/** Something for the requester alone, such as a one-time password: sealed until they ask to see it, shown once, never logged. */
export type Handover = {
  /** What it is, for everybody to read: "a one-time password". */
  readonly title: string;
  /** The thing itself, a secret of at most 10,000 characters. */
  readonly text: string;
};

/** What was given: the state replaces the one before. */
export type Granted = { readonly state: ProviderState; readonly handover?: Handover };

/** What is left once all that was ours is gone. */
export type Ended = {
  /** By what the subject has the same still, in words: "postgres gave it too". None: they have it no more. */
  readonly keptBy: readonly string[];
  /** What they made or were given meanwhile and have still, to follow their name: "owns 2 new tables in orders". */
  readonly outlives?: string;
};

/** Somebody who has a target. */
export type Holder = {
  readonly subject: Subject;
  readonly subjectId: string;
  readonly targetId: string;
  /** Whether it was given by whom Hallpass works as there. Absent where the system does not know who gave what. */
  readonly isOurs?: boolean;
};

/**
 * A system that holds access (a PostgreSQL server, a GitHub organisation, ...).
 *
 * Every call is bounded in time (10 s at most), can be repeated, and throws `ProviderError` for what the system refused or
 * could not be asked. `state` is what `prepare` or `grant` said last; a call with the state of another system throws.
 */
export interface Provider<Target = unknown> {
  /**
   * Which system this is, by an id of its own that a copy of its address cannot have: stored with each grant and compared before
   * every later call. Cheap: it is asked often.
   */
  identity(): Promise<string>;
  /**
   * Who and what this would be about; changes nothing. Refuses for good whoever and whatever must not be granted: unknown to the
   * system, a group, an administrator, whom Hallpass connects as.
   */
  prepare(subject: Subject, target: Target): Promise<Prepared>;
  /**
   * Gives `subject` the target, and returns once it is there. `until` is when it should end, for systems that can enforce that
   * themselves. What it hands over works from then on, in place of what an earlier call handed over: that may have been lost.
   */
  grant(subject: Subject, target: Target, until: Date, state: ProviderState, input?: Input): Promise<Granted>;
  /**
   * Takes away what is ours, by its ids, and ends the sessions that still use it; returns once nothing of ours is left, as read
   * back: what was changed was found and does not hold it. What others gave stays. Nothing to take is fine, and ends no session.
   * An empty state says that nothing is known of what was there before, as of grants from before states were kept: then all of it
   * goes that may be taken, whoever gave it. A kind of provider that never had such grants may refuse it.
   */
  revoke(subject: Subject, target: Target, state: ProviderState): Promise<Ended>;
  /** Reads back, by id and by effect and never from memory, whether the subject can use the target now, whoever gave it. */
  holds(subject: Subject, target: Target, state: ProviderState): Promise<boolean>;
  /**
   * When the subject last used the target, by this machine's clock and as far as the system can tell: `undefined` when it
   * shows no use. Asked every minute or so, and may miss what was shorter; each provider says what it sees. Absent where the system
   * shows no use of anybody.
   */
  lastUsed?(subject: Subject, target: Target, state: ProviderState): Promise<Date | undefined>;
  /** Everybody who has the target now, for drift. Absent where the system cannot list them. */
  holders?(target: Target): Promise<readonly Holder[]>;
  /**
   * Why the target is not to be taken from `subject`, whoever gave it: it is whom Hallpass connects as, it administers the
   * system, others have theirs through it. `undefined`: nothing speaks against it. Where a provider cannot tell, it has no
   * such method, and what nobody gave is never taken away.
   */
  mustKeep?(subject: Subject, target: Target): Promise<string | undefined>;
  /** What whoever was granted it does now, in a sentence or a line to paste; absent where they need not be told. */
  howToUse?(subject: Subject, target: Target, state: ProviderState): string | undefined;
  /**
   * Throws what an operator can act on when the system cannot do its work for one of these targets; returns what they should
   * know all the same. Asked at the start, at each reload, and every few seconds while revocations fail.
   */
  check(targets: readonly Target[]): Promise<readonly string[]>;
  /** Lets go of connections, once the calls under way have ended. */
  close(): Promise<void>;
}

/** The provider refused, or could not be asked. */
export class ProviderError extends Error {
  /** Whether the same call may succeed later (a lost connection) or will not without somebody's help (no such role). */
  readonly retryable: boolean;
  /** Where the system says when to come back, in so many seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** It is being made, and takes its time: nothing is wrong. */
  readonly isPending: boolean;

  constructor(
    message: string,
    options: {
      readonly retryable: boolean;
      readonly retryAfterSeconds?: number;
      readonly isPending?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = "ProviderError";
    this.retryable = options.retryable;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.isPending = options.isPending ?? false;
  }
}
