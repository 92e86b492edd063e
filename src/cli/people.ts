import { nameKey } from "../identity/recognise.ts";
import { createDatabaseClock } from "../persistence/database/clock.ts";
import { openDatabase } from "../persistence/database/database.ts";
import type { PrismaClient } from "../generated/prisma/client.ts";
import {
  describePerson,
  type DescribedPerson,
  joinByHand,
  type JoinRefusal,
  splitByHand,
} from "../persistence/people/people-by-hand.ts";
import type { SplitRefusal } from "../persistence/people/split-people.ts";
import { isEmail } from "../policy/principal.ts";
import { CommandError } from "./failure.ts";
import { readSettings } from "./settings.ts";
import { withDatabase } from "./storage.ts";

/** `hallpass people show`: prints a person's accounts and addresses, current and former. Resolves with the exit code. */
export async function peopleShow(
  called: string,
  { json = false }: { readonly json?: boolean },
): Promise<number> {
  const person = await inDatabase((db) => find(db, called));
  process.stdout.write(json ? `${JSON.stringify(person, null, 2)}\n` : wordPerson(person));
  return 0;
}

/** `hallpass people join`: records that two people are one. Resolves with the exit code. */
export async function peopleJoin(one: string, other: string): Promise<number> {
  const { joined, requests } = await inDatabase(async (db) => {
    const [a, b] = [await find(db, one), await find(db, other)];
    const result = await joinByHand(db, createDatabaseClock(), a.id, b.id);
    if ("refusal" in result) throw new CommandError(wordJoinRefusal(result.refusal));
    return { joined: await find(db, result.person), requests: result.requests };
  });
  const decided =
    requests.length === 0 ? "" : `One of them decided about the other: look at ${requests.join(", ")}.\n`;
  process.stdout.write(`${wordPerson(joined)}${decided}`);
  return 0;
}

/** `hallpass people split`: splits these accounts and addresses off to another person. Resolves with the exit code. */
export async function peopleSplit(called: string, names: readonly string[]): Promise<number> {
  const [person, other] = await inDatabase(async (db) => {
    const { id } = await find(db, called);
    const split = { person: id, names: names.map(nameKey) };
    const result = await splitByHand(db, createDatabaseClock(), split);
    if ("refusal" in result) throw new CommandError(wordRefusal(result.refusal, id, names));
    return [await find(db, id), await find(db, result.other)];
  });
  process.stdout.write(`${wordPerson(person)}\n${wordPerson(other)}`);
  process.stderr.write(wordSeparated([person, other]));
  return 0;
}

async function inDatabase<T>(work: (db: PrismaClient) => Promise<T>): Promise<T> {
  return withDatabase(readSettings(), { mustExist: true }, async (databaseUrl) => {
    const database = openDatabase(databaseUrl);
    try {
      return await work(database.prisma);
    } finally {
      await database.close();
    }
  });
}

async function find(db: PrismaClient, called: string | number): Promise<DescribedPerson> {
  const number = /^(?:person-)?(\d{1,9})$/.exec(String(called))?.[1];
  if (number === undefined && !isAccount(String(called)) && !isEmail(String(called)))
    throw new CommandError(`Expected an e-mail address, a Slack id or a person's number, got “${called}”.`);
  const person = await describePerson(db, number === undefined ? called : Number(number));
  if (person) return person;
  throw new CommandError(
    `Nobody here is known as “${called}”; people are known once they have used Hallpass.`,
  );
}

function isAccount(called: string): boolean {
  return /^[UW][A-Z0-9]+$/.test(called);
}

function wordJoinRefusal({ kind, person }: JoinRefusal): string {
  switch (kind) {
    case "same":
      return `Both are the same person already (person ${person}): nothing was changed.`;
    case "erased":
      return `Person ${person} is erased, and can't be joined with anybody: nothing was changed.`;
  }
}

function wordRefusal(refusal: SplitRefusal, person: number, names: readonly string[]): string {
  switch (refusal) {
    case "not_theirs":
      return `Person ${person} does not go by all of ${names.map((name) => `“${name}”`).join(", ")}: see hallpass people show ${person}. Nothing was changed.`;
    case "nothing_left":
      return `That is all person ${person} goes by: leave them at least one account or address. Nothing was changed.`;
  }
}

/** Warns if one of the two is left without an account or an address: an account that shows an address of the other makes them one again. */
function wordSeparated(people: readonly DescribedPerson[]): string {
  return people
    .flatMap(({ id, names }) => {
      const has = (kind: DescribedPerson["names"][number]["kind"]): boolean =>
        names.some((name) => name.kind === kind && name.until === null);
      const lacks = !has("email") ? "address" : has("account") ? undefined : "Slack account";
      if (lacks === undefined) return [];
      return `Warning: person ${id} goes by no ${lacks}. An account that shows an address of the other makes them one person again: split it off together with that address.\n`;
    })
    .join("");
}

function wordPerson({ id, erasedAt, joined, names }: DescribedPerson): string {
  const day = (at: Date): string => `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const lines = names.map(({ kind, name, since, until, goneSince, now }) => {
    const what = kind === "email" ? name : `Slack account ${name}`;
    if (until) return `  until ${day(until)}: ${what}${now === null ? "" : `, person ${now} by now`}`;
    return `  ${what}, since ${day(since)}${goneSince ? `; may do nothing since ${day(goneSince)}` : ""}`;
  });
  const also = joined.length === 0 ? [] : [`  turned out to be person ${joined.join(", ")} too`];
  const erased = erasedAt ? [`  erased ${day(erasedAt)}`] : [];
  return `Person ${id}\n${[...lines, ...also, ...erased].map((line) => `${line}\n`).join("")}`;
}
