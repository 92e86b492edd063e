import { createTimeline, type Timeline } from "./timeline.ts";

/** A line of the audit by which somebody is known: who did something, by account and address. */
export type Acting = {
  readonly seq: number;
  readonly account: string;
  readonly email: string;
};

/** An account as Slack had it at each line of the audit. */
export type Account = {
  /** It may do nothing any more: left, a guest, removed, another company's. */
  readonly isGone: Timeline<boolean>;
  /** The same, and Hallpass has heard of it and done what follows. */
  readonly isKnownGone: Timeline<boolean>;
  readonly email: Timeline<string>;
};

/**
 * Who is one person, by account and by the addresses that accounts have shown: kept here anew and independently of Hallpass. Whatever
 * is in doubt, as somebody was just leaving, is not said to be so; `may` says what it may be.
 */
export type Persons = {
  readonly account: (slackId: string) => Account;
  readonly add: (slackId: string, email: string, isGone: boolean) => void;
  /** Somebody did something and showed an address: whoever has shown it is the same person from then on, unless they had left. */
  readonly hear: (acting: Acting) => void;
  /** Slack has this address for it: Hallpass may have seen that, or not. */
  readonly mayShow: (slackId: string, email: string) => void;
  readonly isKnown: (slackId: string) => boolean;
  /** Another account shows or has shown this address, and is still there. */
  readonly isHeldByAnother: (slackId: string, email: string, seq: number) => boolean;
  readonly isSame: (one: string, other: string, seq: number) => boolean;
  readonly mayBeSame: (one: string, other: string) => boolean;
  /** What a person may go by: all that any account of theirs has shown. */
  readonly addressesOf: (slackId: string) => ReadonlySet<string>;
  readonly lock: (slackId: string, after: number, by: number) => void;
  readonly lift: (slackId: string, after: number, by: number) => void;
  readonly isLocked: (slackId: string, seq: number) => boolean;
  readonly mayHaveBeenLocked: (slackId: string, from: number, to: number) => boolean;
  /** They were that person when that person was locked down, and still are locked down. */
  readonly wasMeant: (slackId: string, seq: number) => boolean;
  readonly locked: () => readonly string[];
  /** Two of those who were different people are one. */
  readonly haveJoined: () => boolean;
};

type Lock = { readonly slackId: string; readonly begun: number; readonly inForce: Timeline<boolean> };

export function createPersons(): Persons {
  const accounts = new Map<string, Account>();
  const firstEmails = new Map<string, string>();
  const surely = createJoins();
  const maybe = createJoins();
  const shown = new Map<string, Set<string>>();
  /** Whose an address is; an account stands for its person. */
  const holders = new Map<string, string>();
  const everHeld = new Map<string, string>();
  const locks: Lock[] = [];

  const account = (slackId: string): Account => {
    const found = accounts.get(slackId);
    if (!found) throw new Error(`Slack has no account ${slackId}`);
    return found;
  };
  const accountsOf = (slackId: string, seq: number): readonly string[] =>
    [...accounts.keys()].filter((one) => shown.has(one) && surely.isSame(one, slackId, seq));
  const isSame = surely.isSame;
  const mayBeSame = (one: string, other: string): boolean => maybe.isSame(one, other, Infinity);

  const mayShow = (slackId: string, email: string): void => {
    const earlier = everHeld.get(email);
    if (earlier !== undefined) maybe.join(earlier, slackId, 0);
    everHeld.set(email, slackId);
  };

  return {
    account,
    mayShow,
    add(slackId, email, isGone) {
      mayShow(slackId, email);
      firstEmails.set(slackId, email);
      accounts.set(slackId, {
        isGone: createTimeline(isGone),
        isKnownGone: createTimeline(isGone),
        email: createTimeline(email),
      });
    },
    hear({ seq, account: slackId, email }) {
      const holder = holders.get(email);
      const isTheirs = holder !== undefined && !isSame(holder, slackId, seq);
      if (isTheirs && accountsOf(holder, seq).some((one) => account(one).isGone.was(false, 0, seq)))
        surely.join(holder, slackId, seq);
      if (holder === undefined || isTheirs) holders.set(email, slackId);
      mayShow(slackId, email);
      shown.set(slackId, (shown.get(slackId) ?? new Set()).add(email));
    },
    isKnown: (slackId) => shown.has(slackId),
    isHeldByAnother(slackId, email, seq) {
      const holder = holders.get(email);
      return (
        holder !== undefined &&
        !isSame(holder, slackId, seq) &&
        accountsOf(holder, seq).some((one) => account(one).isGone.was(false, 0, seq))
      );
    },
    isSame,
    mayBeSame,
    addressesOf: (slackId) =>
      new Set([...shown].flatMap(([one, emails]) => (mayBeSame(one, slackId) ? [...emails] : []))),
    lock(slackId, after, by) {
      const inForce = createTimeline(false);
      inForce.change(after, by, true);
      locks.push({ slackId, begun: by, inForce });
    },
    lift(slackId, after, by) {
      for (const lock of locks)
        if (mayBeSame(lock.slackId, slackId) && lock.inForce.mayHaveBeen(true, by))
          lock.inForce.change(after, by, false);
    },
    isLocked: (slackId, seq) =>
      locks.some((lock) => isSame(lock.slackId, slackId, seq) && lock.inForce.was(true, seq)),
    mayHaveBeenLocked: (slackId, from, to) =>
      locks.some((lock) => mayBeSame(lock.slackId, slackId) && lock.inForce.mayHaveBeen(true, from, to)),
    wasMeant: (slackId, seq) =>
      locks.some((lock) => isSame(lock.slackId, slackId, lock.begun) && lock.inForce.was(true, seq)),
    locked: () => locks.filter(({ inForce }) => inForce.at(Infinity) !== false).map(({ slackId }) => slackId),
    haveJoined: () =>
      [...firstEmails].some(([one, email]) =>
        [...firstEmails].some(([other, its]) => email !== its && mayBeSame(one, other)),
      ),
  };
}

/** Which of many are one, and from which line of the audit on. */
function createJoins(): {
  readonly join: (one: string, other: string, seq: number) => void;
  readonly isSame: (one: string, other: string, seq: number) => boolean;
} {
  const joins: { readonly seq: number; readonly into: string; readonly from: string }[] = [];
  const rootOf = (one: string, seq: number): string => {
    let root = one;
    for (const { seq: since, into, from } of joins) if (since <= seq && root === from) root = into;
    return root;
  };
  return {
    join(one, other, seq) {
      const [into, from] = [rootOf(one, Infinity), rootOf(other, Infinity)];
      if (into !== from) joins.push({ seq, into, from });
    },
    isSame: (one, other, seq) => rootOf(one, seq) === rootOf(other, seq),
  };
}
