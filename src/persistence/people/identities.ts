import { z } from "zod";
import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Person } from "../../domain/person.ts";
import type { PrismaClient } from "../../generated/prisma/client.ts";
import type { Caller } from "../../identity/caller.ts";
import type { People } from "../../identity/people.ts";
import {
  type Found,
  type Holder,
  type NameKey,
  nameKey,
  type Recognition,
  recognise,
} from "../../identity/recognise.ts";
import type { LookUp } from "../../identity/account-status.ts";
import type { Clock } from "../database/clock.ts";
import {
  decidedBetween,
  joinPeople,
  lockPeople,
  noteChange,
  nowIn,
  recordWithin,
  takeNames,
} from "./join-people.ts";
import { dropCachedPeople, remember, type Statements } from "./people-memory.ts";

export type PeopleDeps = {
  readonly db: PrismaClient;
  readonly clock: Clock;
  /** Checks whether the accounts of an address's holder may still act, before the address passes to somebody else. */
  readonly lookUp: LookUp;
  /**
   * Called when two people were joined or an address passed. It is already recorded; this is to tell the people who run
   * Hallpass.
   */
  readonly onChange: (event: PersonChanged) => void;
};

export type PersonChanged = AuditEvent<"person.joined" | "person.passed">;

/** How long an identity is cached; safe because every write is checked against later changes. */
const rememberMs = 60_000;
const maxRemembered = 20_000;

/** Creates the service that knows who is who, kept in the database. */
export function createPeople(deps: PeopleDeps): People {
  const { db, clock } = deps;
  const memory = createIdentityCache(db);

  async function recogniseNow(caller: Caller): Promise<number> {
    const seen = await readHolders(db, caller);
    const account = seen.find(({ kind }) => kind === "account");
    const known = recognise(assess(caller, seen, new Set()));
    // Usually the person is known by both names, and nothing is written.
    if (known.is === "known" && known.learns.length === 0 && account?.isGone !== true) return known.person;
    const changed = await change(deps, caller, await whoIsGone(deps, seen));
    memory.forget();
    if (changed.event) {
      dropCachedPeople(db);
      deps.onChange(changed.event);
    }
    return changed.person;
  }

  return {
    async resolve({ email, name, account }): Promise<Person> {
      const id = await memory.get(`${account ?? ""} ${email}`, () => recogniseNow({ email, name, account }));
      return { id, email, name, ...(account === undefined ? {} : { account }) };
    },
    async find(called) {
      const { kind, name } = nameKey(called);
      const found = await db.personName.findFirst({
        where: { kind, name, until: null },
        select: { personId: true },
      });
      return found?.personId;
    },
    addressesOf: (person) =>
      memory.get(person, async () => {
        const now = await db.personName.findMany({
          where: { personId: person, kind: "email", until: null },
          select: { name: true },
          orderBy: { name: "asc" },
        });
        return now.map(({ name }) => name);
      }),
    async leave(account) {
      const rows = await db.$queryRaw<{ person: number; others: readonly string[] }[]>`
        with gone as (
          update person_names set gone_since = coalesce(gone_since, ${clock.now})
          where kind = 'account' and name = ${account} and until is null returning person_id)
        select g.person_id as person,
               array(select n.name from person_names n
                     where n.person_id = g.person_id and n.kind = 'account' and n.until is null
                       and n.name <> ${account} and n.gone_since is null) as others
        from gone g`;
      memory.forget();
      return rows[0];
    },
  };
}

type Memory = {
  /** A person's number by what they showed, or their addresses by their number. */
  get(key: string, ask: () => Promise<number>): Promise<number>;
  get(key: number, ask: () => Promise<readonly string[]>): Promise<readonly string[]>;
  forget(): void;
};

/** A cache for a minute, dropped when this process learns that identities have changed. */
function createIdentityCache(db: PrismaClient): Memory {
  type Entries = Map<string | number, { readonly value: unknown; readonly until: number }>;
  let kept: { readonly since: object; readonly entries: Entries } | undefined;
  const get = async (key: string | number, ask: () => Promise<unknown>): Promise<unknown> => {
    const since = await remember(db);
    if (kept?.since !== since || kept.entries.size >= maxRemembered) kept = { since, entries: new Map() };
    const { entries } = kept;
    const known = entries.get(key);
    if (known && known.until > performance.now()) return known.value;
    const value = await ask();
    // If identities have changed meanwhile, this goes into a map that is no longer read.
    entries.set(key, { value, until: performance.now() + rememberMs });
    return value;
  };
  // Each kind of key has one kind of value, which a map cannot express.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { get: get as Memory["get"], forget: () => void (kept = undefined) };
}

const Seen = z.array(
  z.object({
    /** Which of the caller's names was found. */
    kind: z.enum(["account", "email"]),
    person: z.number(),
    isLocked: z.boolean(),
    /** For the caller's account: it was found to be gone. */
    isGone: z.boolean(),
    /** All accounts this person goes by, and which of them are known to be gone. */
    accounts: z.array(z.object({ name: z.string(), isGone: z.boolean() })),
  }),
);
type Seen = z.infer<typeof Seen>;

/** Reads who goes by the caller's account and address now. */
async function readHolders(db: Statements, { account, email }: Caller): Promise<Seen> {
  const names = namesOf({ account, email });
  return Seen.parse(
    await db.$queryRaw`
      select n.kind, n.person_id as person, n.gone_since is not null as "isGone",
             exists (select from lockdowns l where l.person_id = n.person_id and l.lifted_at is null) as "isLocked",
             (select coalesce(jsonb_agg(jsonb_build_object('name', a.name, 'isGone', a.gone_since is not null)), '[]')
              from person_names a
              where a.person_id = n.person_id and a.kind = 'account' and a.until is null) as accounts
      from jsonb_to_recordset(${JSON.stringify(names)}::jsonb) as o(kind text, name text)
      join person_names n on n.kind = o.kind and n.name = o.name and n.until is null`,
  );
}

function namesOf({ account, email }: Pick<Caller, "account" | "email">): readonly NameKey[] {
  return [account, email].flatMap((name) => (name === undefined ? [] : [nameKey(name)]));
}

/** The input of `recognise`. `gone`: accounts that may no longer act, as was just looked up. */
function assess({ account }: Caller, seen: Seen, gone: ReadonlySet<string>): Found {
  const holderBy = (kind: "account" | "email"): Holder | undefined => {
    const found = seen.find((one) => one.kind === kind);
    if (!found) return undefined;
    const { person, isLocked, accounts } = found;
    const isGone = accounts.length > 0 && accounts.every((one) => one.isGone || gone.has(one.name));
    return { person, isLocked, isGone };
  };
  return {
    hasAccount: account !== undefined,
    account: holderBy("account"),
    address: holderBy("email"),
  };
}

/** Looks up those accounts of the address's holder that are not known to be gone, and returns the ones that are. */
async function whoIsGone({ lookUp }: PeopleDeps, seen: Seen): Promise<ReadonlySet<string>> {
  const [account, address] = [
    seen.find(({ kind }) => kind === "account"),
    seen.find(({ kind }) => kind === "email"),
  ];
  if (!address || address.person === account?.person) return new Set();
  const asked = await Promise.all(
    address.accounts
      .filter(({ isGone }) => !isGone)
      .map(async ({ name }) => ({ name, status: await lookUp(name) })),
  );
  const unknown = asked.find(({ status }) => status.is === "unknown");
  // Don't join people because Slack did not answer.
  if (unknown?.status.is === "unknown") throw new Error(unknown.status.why);
  return new Set(asked.filter(({ status }) => status.is === "gone").map(({ name }) => name));
}

/** Reads again under the lock, and writes who is who from now on. */
async function change(
  { db, clock }: PeopleDeps,
  caller: Caller,
  gone: ReadonlySet<string>,
): Promise<{ readonly person: number; readonly event?: PersonChanged }> {
  return db.$transaction(
    async (tx) => {
      await lockPeople(tx);
      const found = recognise(assess(caller, await readHolders(tx, caller), gone));
      const requests = found.is === "joined" ? await decidedBetween(tx, found.into, found.from) : [];
      const person = await write(tx, clock, caller, found);
      await tx.$executeRaw`
        update person_names set gone_since = null
        where kind = 'account' and name = ${caller.account ?? null} and until is null and gone_since is not null`;
      if (found.is !== "joined" && found.is !== "passed") return { person };
      const event = wordChange(await nowIn(tx, clock), caller, { found, person, requests });
      await recordWithin(tx, event);
      // Last: after this, writes by processes that do not know of the change are refused.
      await noteChange(tx, clock, found.is, person, found.from);
      return { person, event };
    },
    { timeout: 30_000 },
  );
}

async function write(tx: Statements, clock: Clock, caller: Caller, found: Recognition): Promise<number> {
  const names = namesOf(caller);
  switch (found.is) {
    case "new":
      return takeNames(tx, clock, names, undefined);
    case "known":
      return takeNames(
        tx,
        clock,
        names.filter(({ kind }) => found.learns.includes(kind)),
        found.person,
      );
    case "passed":
      return takeNames(tx, clock, names, found.to);
    case "joined":
      await joinPeople(tx, clock, found);
      return found.into;
  }
}

function wordChange(
  at: Date,
  { email, account }: Caller,
  {
    found,
    person,
    requests,
  }: {
    readonly found: Extract<Recognition, { is: "joined" | "passed" }>;
    readonly person: number;
    readonly requests: readonly string[];
  },
): PersonChanged {
  const { is, from: other } = found;
  const recorded = { at, actor: { kind: "hallpass" } } as const;
  if (is === "passed") return { ...recorded, type: "person.passed", data: { person, other, address: email } };
  const shownBy = account === undefined ? {} : { slackId: account };
  const data = { person, other, address: email, ...shownBy, requests: [...requests], via: "slack" };
  return { ...recorded, type: "person.joined", data };
}
