import type { Input, Provider } from "../../../src/providers/provider.ts";

/** A session of somebody's on the system. */
export type Session = {
  /** Does something with what they hold; throws where the session is over. */
  use(this: void): Promise<void>;
  /** Resolves once it is over. */
  readonly ended: Promise<void>;
  close(this: void): Promise<void>;
};

/** A provider that leads elsewhere, or may do less. */
export type Another<Target = unknown> = {
  readonly provider: Provider<Target>;
  close(this: void): Promise<void>;
};

/** What only some systems can show; a provider says why it lacks one. */
export type Abilities<Target = unknown> = {
  /** A server that takes connections and never answers. */
  silent(this: void): Promise<Another<Target>>;
  /** As somebody who holds the target and works with it. */
  openSession(this: void, subject: string, target: Target): Promise<Session>;
  /** The subject uses the target, so that the system can tell when. */
  use(this: void, subject: string, target: Target): Promise<void>;
  /** Gives and takes the same access by somebody else's hand. */
  readonly others: {
    give(this: void, subject: string, target: Target): Promise<void>;
    take(this: void, subject: string, target: Target): Promise<void>;
  };
  /** Whether the system keeps what others gave apart from what we gave. */
  readonly tellsGiversApart: true;
  /** Gives somebody, or something to hold, another name; returns that. What was renamed is put back by `clear`. */
  renameSubject(this: void, subject: string): Promise<string>;
  renameTarget(this: void, target: Target): Promise<Target>;
  /** Somebody new, who can leave the system for good. */
  newcomer(this: void): Promise<{ readonly subject: string; leave(this: void): Promise<void> }>;
  /** People and things the system knows by names that are hard to write. */
  readonly awkward: readonly { readonly subject: string; readonly target: Target }[];
  /** Who or what must never be granted, and how that is said. */
  readonly refused: readonly { readonly subject: string; readonly target: Target; readonly words: RegExp }[];
  /** From whom a target may not be taken, and how that is said; they hold it. */
  readonly kept: readonly { readonly subject: string; readonly target: Target; readonly words: RegExp }[];
  /** The same system, asked by somebody who lacks a right that the work takes; `check` has to say which. */
  withoutRights(
    this: void,
  ): Promise<readonly (Another<Target> & { readonly lacks: string; readonly words: RegExp })[]>;
  /** The system stops and starts again: every connection is lost. */
  restart(this: void): Promise<void>;
  /** A system that only this provider is connected to, and by how many connections. */
  counted(this: void): Promise<Another<Target> & { connections(this: void): Promise<number> }>;
  /** What its form asks for, by these options: what is fit and what is not, and whether it reached the system. */
  readonly input: {
    readonly options: unknown;
    readonly typed: Input;
    readonly unfit: readonly Input[];
    hasArrived(this: void, subject: string, target: Target): boolean | Promise<boolean>;
  };
  /** Whether what it handed over lets anybody in, now. */
  opens(this: void, text: string): boolean | Promise<boolean>;
  /** The next call is one too many: the system says to come back in so many seconds. */
  limits(this: void, seconds: number): void;
  /** The next changes, so many, meet another one under way. */
  conflicts(this: void, times: number): void | Promise<void>;
  /** The next change is there at once, and so many more looks do not show it. */
  showsLater(this: void, looks: number): void;
  /** The next answer breaks off in its middle. */
  breaksOff(this: void): void;
  /** From now on the system hides what it should show, as for want of a right: it says "not found". */
  hides(this: void): void | Promise<void>;
  /** The next change is answered as if it was made, and is not. */
  ignores(this: void): void;
};

export type Ability = keyof Abilities;

/** What a provider brings so that the contract can be put to it. */
export interface ProviderUnderTest<Target = unknown> extends Partial<Abilities<Target>> {
  /** As its definition makes it. */
  readonly provider: Provider<Target>;
  /** Makes one more, to the same system. */
  create(this: void): Provider<Target>;
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
  look(this: void, subject: string, target: Target): Promise<boolean>;
  /** Puts the system as it was: nobody holds anything, everybody has their name, and nothing fails. */
  clear(this: void): Promise<void>;
  /** Another system of the same kind, with the same people and things. */
  otherSystem(
    this: void,
  ): Promise<Another<Target> & { look(this: void, subject: string, target: Target): Promise<boolean> }>;
  /** The same kind of provider, for a server that isn't there. */
  unreachable(this: void): Provider<Target>;
  close(this: void): Promise<void>;
}

/** Why a provider's system cannot show what it leaves out. */
export type Lacks = Readonly<Partial<Record<Ability, string>>>;
