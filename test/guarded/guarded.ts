/** How a policy speaks of a guarded system. */
export interface InPolicy {
  /** What it calls the provider. */
  readonly name: string;
  /** How it writes that provider. */
  readonly provider: string;
  /** The `grant` of two roles that the system has and of one that it does not have. */
  readonly grants: Readonly<Record<Held | "missing", string>>;
  /** What the system calls a person. */
  readonly subject: (person: string) => string;
}

/** What Hallpass guards in a test, looked at from outside: never through the provider. */
export interface Guarded extends InPolicy {
  /** What `${NAME}` in its provider stands for. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What this person holds right now. */
  holdings(person: string): Promise<readonly Held[]>;
  /** Comes in as this person; absent where nobody stays in. */
  openSession?(person: string): Promise<Session>;
  close(): Promise<void>;
}

/** The roles that every guarded system of a test has. */
export const heldRoles = ["read", "write"] as const;
export type Held = (typeof heldRoles)[number];

/** A person at work in a guarded system. */
export interface Session {
  /** Throws once the system has ended it. */
  use(): Promise<void>;
  /** Resolves when the system ends it. */
  readonly ended: Promise<void>;
}
