/** A person's name at a provider: a role name, a login, an ARN. */
export type Subject = string;

/**
 * What a provider has to remember for every later call, above all for the end: what it added, by the system's own ids,
 * and what was there before. JSON, never a secret.
 */
export type ProviderState = Readonly<Record<string, unknown>>;

/** What a system shows of a subject and a target before anything is granted. */
export type Prepared = {
  /** The subject and the target by the system's own ids, which survive every renaming. The same two ids are the same access. */
  readonly subjectId: string;
  readonly targetId: string;
  /** Recorded before `grant` is called, and passed to it and to every later call. */
  readonly state: ProviderState;
  /** The subject can already use it: by a right of their own, as far as this system can tell. */
  readonly isHeld: boolean;
};

/** What the requester typed into the form, by field; checked by the definition's `input`. */
export type Input = Readonly<Record<string, string>>;

/** Something for the requester alone, such as a one-time password: sealed until they ask to see it, shown once, never logged. */
export type Handover = {
  /** What it is, for everybody to read: "a one-time password". */
  readonly title: string;
  /** The thing itself, a secret of at most 10,000 characters. */
  readonly text: string;
};

/** The result of a grant; `state` replaces the one before. */
export type Granted = { readonly state: ProviderState; readonly handover?: Handover };

/** What is left after all that was ours is gone. */
export type Ended = {
  /** What still gives the subject the same access, in words: "postgres gave it too". Empty: they no longer have it. */
  readonly keptBy: readonly string[];
  /** What they made or were given meanwhile and still have, worded to follow their name: "owns 2 new tables in orders". */
  readonly outlives?: string;
};

/** Somebody who has a target. */
export type Holder = {
  readonly subject: Subject;
  readonly subjectId: string;
  readonly targetId: string;
  /** Whether it was given by the account Hallpass works as there. Absent if the system does not know who gave what. */
  readonly isOurs?: boolean;
};

/**
 * A system that holds access (a PostgreSQL server, a GitHub organisation, ...).
 *
 * Every call is limited in time (10 s at most), can be repeated, and throws `ProviderError` when the system refused or
 * could not be asked. `state` is what `prepare` or `grant` last returned; a call with the state of another system
 * throws.
 */
export interface Provider<Target = unknown> {
  /**
   * The system's own id, which another system at its address cannot have: stored with each grant and compared before
   * every later call. Cheap, because it is called often.
   */
  identity(): Promise<string>;
  /**
   * Looks up the subject and the target; changes nothing. Refuses for good what must not be granted: a subject or
   * target unknown to the system, a group, an administrator, the account Hallpass connects as.
   */
  prepare(subject: Subject, target: Target): Promise<Prepared>;
  /**
   * Gives `subject` the target, and returns once it is there. `until` is when it should end, for systems that can
   * enforce that themselves. A handover works from then on and replaces that of an earlier call, which may have been
   * lost.
   */
  grant(subject: Subject, target: Target, until: Date, state: ProviderState, input?: Input): Promise<Granted>;
  /**
   * Takes away what is ours, by its ids, and ends the sessions that still use it. Returns after reading back that
   * nothing of ours is left: what was changed was found, and no longer has it. Leaves what others gave. Does nothing,
   * and ends no session, if there is nothing to take. An empty state means that nothing is known of what was there
   * before, as for grants from before states were recorded: then everything that may be taken goes, whoever gave it. A
   * kind of provider that never had such grants may refuse it.
   */
  revoke(subject: Subject, target: Target, state: ProviderState): Promise<Ended>;
  /** Reads back, by id and by effect and never from a cache, whether the subject can use the target now, whoever gave it. */
  holds(subject: Subject, target: Target, state: ProviderState): Promise<boolean>;
  /**
   * When the subject last used the target, by this machine's clock and as far as the system can tell; `undefined` when
   * it shows no use. Called every minute or so, and may miss shorter use; each provider says what it sees. Absent if
   * the system shows nobody's use.
   */
  lastUsed?(subject: Subject, target: Target, state: ProviderState): Promise<Date | undefined>;
  /** Lists everybody who has the target now, for drift. Absent if the system cannot list them. */
  holders?(target: Target): Promise<readonly Holder[]>;
  /**
   * Says why the target must not be taken from `subject`, whoever gave it: it is the account Hallpass connects as, it
   * administers the system, or others have theirs through it. `undefined`: nothing speaks against it. A provider that
   * cannot tell has no such method, and access that nobody gave is then never taken away.
   */
  mustKeep?(subject: Subject, target: Target): Promise<string | undefined>;
  /** How the person uses what they were granted, in a sentence or a line to paste; absent if they need not be told. */
  howToUse?(subject: Subject, target: Target, state: ProviderState): string | undefined;
  /**
   * Throws an error an operator can act on when the system cannot do its work for one of these targets; otherwise
   * returns what they should know. Called at the start, at each reload, every minute, and by `hallpass policy check --live`.
   */
  check(targets: readonly Target[]): Promise<readonly string[]>;
  /** Closes connections once the calls under way have ended. */
  close(): Promise<void>;
}

/** The provider refused, or could not be asked. */
export class ProviderError extends Error {
  /** Whether the same call may succeed later (a lost connection) or will not without somebody's help (no such role). */
  readonly retryable: boolean;
  /** After how many seconds to retry, if the system says so. */
  readonly retryAfterSeconds: number | undefined;
  /** The access is still being set up: nothing is wrong. */
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
