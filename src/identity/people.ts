import type { Person } from "../domain/person.ts";
import type { Caller } from "./caller.ts";

/** Who is who: the one place where accounts and addresses are compared. */
export type People = {
  /** The person who calls, met for the first time where nobody goes by either of their names. */
  resolve(caller: Caller): Promise<Person>;
  /** The person who goes by an account or an address now; `undefined` where nobody does. */
  find(name: string): Promise<number | undefined>;
  /** Every address a person goes by now, in lower case. */
  addressesOf(person: number): Promise<readonly string[]>;
  /** An account may do nothing any more. Returns whose it is and whose other accounts still may, as far as is known. */
  leave(
    slackId: string,
  ): Promise<{ readonly person: number; readonly others: readonly string[] } | undefined>;
};

/** Somebody turned out to be somebody else while they did something: it was not done, and can be done again. */
export class PeopleChanged extends Error {
  constructor() {
    super("it has just turned out that two people are one, or that one is two");
    this.name = "PeopleChanged";
  }
}
