import type { Provider } from "../../../src/providers/provider.ts";

/** A session of somebody's on the system. */
export type Session = {
  /** Does something with what they hold; throws where the session is over. */
  use(): Promise<void>;
  /** Resolves once it is over. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
};

/** A provider that leads elsewhere, or may do less. */
export type Another<Target = unknown> = {
  readonly provider: Provider<Target>;
  close(): Promise<void>;
};

/** What only some systems can show; a provider says why it lacks one. */
export type Abilities<Target = unknown> = {
  /** A server that takes connections and never answers. */
  silent(): Promise<Another<Target>>;
  /** As somebody who holds the target and works with it. */
  openSession(subject: string, target: Target): Promise<Session>;
  /** The subject uses the target, so that the system can tell when. */
  use(subject: string, target: Target): Promise<void>;
  /** Gives and takes the same access by somebody else's hand. */
  readonly others: {
    give(subject: string, target: Target): Promise<void>;
    take(subject: string, target: Target): Promise<void>;
  };
  /** Whether the system keeps what others gave apart from what we gave. */
  readonly tellsGiversApart: true;
  /** Gives somebody, or something to hold, another name; returns that. What was renamed is put back by `clear`. */
  renameSubject(subject: string): Promise<string>;
  renameTarget(target: Target): Promise<Target>;
  /** Somebody new, who can leave the system for good. */
  newcomer(): Promise<{ readonly subject: string; leave(): Promise<void> }>;
  /** People and things the system knows by names that are hard to write. */
  readonly awkward: readonly { readonly subject: string; readonly target: Target }[];
  /** Who or what must never be granted, and how that is said. */
  readonly refused: readonly { readonly subject: string; readonly target: Target; readonly words: RegExp }[];
  /** From whom a target may not be taken, and how that is said; they hold it. */
  readonly kept: readonly { readonly subject: string; readonly target: Target; readonly words: RegExp }[];
  /** The same system, asked by somebody who lacks a right that the work takes; `check` has to say which. */
  withoutRights(): Promise<readonly (Another<Target> & { readonly lacks: string; readonly words: RegExp })[]>;
  /** The system stops and starts again: every connection is lost. */
  restart(): Promise<void>;
  /** A system that only this provider is connected to, and by how many connections. */
  counted(): Promise<Another<Target> & { connections(): Promise<number> }>;
  /** The next call is one too many: the system says to come back in so many seconds. */
  limits(seconds: number): void;
  /** The next changes, so many, meet another one under way. */
  conflicts(times: number): void;
  /** The next change is there at once, and so many more looks do not show it. */
  showsLater(looks: number): void;
  /** The next answer breaks off in its middle. */
  breaksOff(): void;
  /** From now on the system hides what it should show, as for want of a right: it says "not found". */
  hides(): void;
  /** The next change is answered as if it was made, and is not. */
  ignores(): void;
};

export type Ability = keyof Abilities;

/** What a provider brings so that the contract can be put to it. */
export interface ProviderUnderTest<Target = unknown> extends Partial<Abilities<Target>> {
  /** As its definition makes it. */
  readonly provider: Provider<Target>;
  /** Makes one more, to the same system. */
  create(): Provider<Target>;
  /** Somebody the system knows, who holds nothing, and somebody else. */
  readonly subject: string;
  readonly bystander: string;
  /** Somebody the system doesn't know. */
  readonly stranger: string;
  /** Something to hold, and something else. */
  readonly target: Target;
  readonly otherTarget: Target;
  /** Other ways to write `subject`. */
  readonly spellings: readonly string[];
  /** What can be nobody's name. */
  readonly noNames: readonly string[];
  /** What no error may hold, at any depth. */
  readonly secrets: readonly string[];
  /** Looks without the provider's help whether somebody can use the target. */
  look(subject: string, target: Target): Promise<boolean>;
  /** Puts the system as it was: nobody holds anything, everybody has their name, and nothing fails. */
  clear(): Promise<void>;
  /** Another system of the same kind, with the same people and things. */
  otherSystem(): Promise<Another<Target> & { look(subject: string, target: Target): Promise<boolean> }>;
  /** The same kind of provider, for a server that isn't there. */
  unreachable(): Provider<Target>;
  close(): Promise<void>;
}

/** Why a provider's system cannot show what it leaves out. */
export type Lacks = Readonly<Partial<Record<Ability, string>>>;
