import type { Person } from "../domain/person.ts";
import type { Caller } from "./caller.ts";

/** Resolves accounts and addresses to people; the only place that compares them. */
export type People = {
  /** The caller's person; created if neither the account nor the address is known. */
  resolve(caller: Caller): Promise<Person>;
  /** The person with this account or address now; `undefined` if nobody has it. */
  find(name: string): Promise<number | undefined>;
  /** Every address of a person now, in lower case. */
  addressesOf(person: number): Promise<readonly string[]>;
  /** Records that an account may not act any more. Returns its person and which of their other accounts still may, as far as is known. */
  leave(
    account: string,
  ): Promise<{ readonly person: number; readonly others: readonly string[] } | undefined>;
};

/** People were merged or split while a transition was being recorded: nothing was recorded, and the caller can retry. */
export class PeopleChanged extends Error {
  constructor() {
    super("it has just turned out that two people are one, or that one is two");
    this.name = "PeopleChanged";
  }
}
