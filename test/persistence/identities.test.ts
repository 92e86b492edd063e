import { Client } from "pg";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { type People, PeopleChanged } from "../../src/identity/people.ts";
import { nameKey } from "../../src/identity/recognise.ts";
import type { AccountStatus } from "../../src/identity/account-status.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { createMovableClock } from "../../src/persistence/database/clock.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { createPeople, type PersonChanged } from "../../src/persistence/people/identities.ts";
import { joinByHand, splitByHand } from "../../src/persistence/people/people-by-hand.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

let own: TestDatabase;
let database: Database;
let other: Database;
let client: Client;
let people: People;
let changes: PersonChanged[];
let gone: Set<string>;

const clock = createMovableClock();
const peopleOn = ({ prisma }: Database): People =>
  createPeople({
    db: prisma,
    clock,
    lookUp: (account): Promise<AccountStatus> =>
      Promise.resolve(
        gone.has(account)
          ? { is: "gone", why: "they have left" }
          : { is: "here", caller: { email: "", name: "" } },
      ),
    onChange: (event) => void changes.push(event),
  });

beforeEach(async () => {
  own = await createDatabase();
  database = openDatabase(own.url);
  other = openDatabase(own.url);
  client = new Client({ connectionString: own.url });
  await client.connect();
  changes = [];
  gone = new Set();
  people = peopleOn(database);
});
afterEach(async () => {
  await client.end();
  await Promise.all([database.close(), other.close()]);
  await own.close();
});

const idOf = async (account: string | undefined, email: string, by = people): Promise<number> =>
  (await by.resolve({ email, name: "", ...(account !== undefined && { account }) })).id;

async function namesOf(person: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select name from person_names where person_id = $1 and until is null order by name",
    [person],
  );
  return rows.map(({ name }) => name);
}

it("a person is met once, by whichever processes and however often at once", async () => {
  const met = await Promise.all(
    [people, peopleOn(other), people, peopleOn(other)].map((by) => idOf("U1", "a@x.test", by)),
  );
  expect(new Set(met).size).toBe(1);
  expect(await namesOf(met[0] ?? 0)).toEqual(["U1", "a@x.test"]);
  const { rows } = await client.query("select id from people");
  expect(rows).toHaveLength(1);
});

it("whoever changes their address stays who they are, by the old one too", async () => {
  const before = await idOf("U1", "a@x.test");
  expect(await idOf("U1", "b@x.test")).toBe(before);
  expect(await people.addressesOf(before)).toEqual(["a@x.test", "b@x.test"]);
  expect(await people.find("A@X.test")).toBe(before);
  expect(changes).toEqual([]);
});

it("an account that shows the address of somebody else makes them one, on record and once", async () => {
  const [one, two] = [await idOf("U1", "a@x.test"), await idOf("U2", "b@x.test")];
  expect(one).not.toBe(two);
  await Promise.all([idOf("U1", "b@x.test"), idOf("U1", "b@x.test", peopleOn(other))]);
  expect(await idOf("U2", "b@x.test")).toBe(one);
  expect(await namesOf(one)).toEqual(["U1", "U2", "a@x.test", "b@x.test"]);
  expect(await namesOf(two)).toEqual([]);
  const { rows } = await client.query("select type from audit_events");
  expect(rows).toEqual([{ type: "person.joined" }]);
  expect(changes).toMatchObject([{ type: "person.joined", data: { person: one, other: two } }]);
});

it("the address of who has left passes to another account, also where nobody was told that they have left", async () => {
  const before = await idOf("U1", "a@x.test");
  gone.add("U1");
  const after = await idOf("U9", "a@x.test");
  expect(after).not.toBe(before);
  expect(await namesOf(before)).toEqual(["U1"]);
  expect(await namesOf(after)).toEqual(["U9", "a@x.test"]);
  expect(changes).toMatchObject([
    { type: "person.passed", data: { person: after, other: before, address: "a@x.test" } },
  ]);
});

it("while one account of theirs may still act, an address passes to nobody", async () => {
  const before = await idOf("U1", "a@x.test");
  expect(await idOf("U2", "a@x.test")).toBe(before);
  await people.leave("U1");
  gone.add("U1");
  expect(await idOf("U9", "a@x.test")).toBe(before);
});

it("an address of somebody who is locked down passes to nobody", async () => {
  const before = await idOf("U1", "a@x.test");
  await client.query(
    `insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
     values (gen_random_uuid(), 'person', 'a@x.test', $1, 'x', 'd@x.test', now())`,
    [before],
  );
  gone.add("U1");
  expect(await idOf("U9", "a@x.test")).toBe(before);
});

it("nobody is made one with another, or another, because Slack did not answer", async () => {
  await idOf("U1", "a@x.test");
  const unsure = createPeople({
    db: other.prisma,
    clock,
    lookUp: () => Promise.resolve({ is: "unknown", why: "Slack could not be asked about them" }),
    onChange: () => undefined,
  });
  await expect(idOf("U9", "a@x.test", unsure)).rejects.toThrow("Slack could not be asked about them");
  expect(await people.find("U9")).toBeUndefined();
});

it("an account that comes back is not gone any more", async () => {
  const person = await idOf("U1", "a@x.test");
  expect(await people.leave("U1")).toEqual({ person, others: [] });
  expect(await idOf("U1", "a@x.test", peopleOn(other))).toBe(person);
  const { rows } = await client.query("select gone_since from person_names where name = 'U1'");
  expect(rows).toEqual([{ gone_since: null }]);
});

describe("what another process remembers of who is who", () => {
  const asked = (id: number): AuditEvent => ({
    type: "audit.asked",
    at: new Date(),
    actor: { kind: "person", id, email: "b@x.test", account: "U2" },
    data: { question: "who", via: "slack" },
  });

  it("writes nothing under a number that has become another's", async () => {
    const [one, two] = [await idOf("U1", "a@x.test"), await idOf("U2", "b@x.test")];
    await recordEvent(other.prisma, asked(two));
    await idOf("U1", "b@x.test");
    await expect(recordEvent(other.prisma, asked(two))).rejects.toBeInstanceOf(PeopleChanged);
    await recordEvent(other.prisma, asked(one));
    const { rows } = await client.query<{ actor_person: number }>(
      "select actor_person from audit_events where type = 'audit.asked' order by seq",
    );
    expect(rows).toEqual([{ actor_person: two }, { actor_person: one }]);
  });

  it("writes nothing of an address under whose it was", async () => {
    const about = (): AuditEvent => ({
      type: "request.reminded",
      at: new Date(),
      actor: { kind: "hallpass" },
      data: { asks: ["a@x.test"] },
    });
    const before = await idOf("U1", "a@x.test");
    await recordEvent(other.prisma, about());
    gone.add("U1");
    const after = await idOf("U9", "a@x.test");
    await recordEvent(other.prisma, about());
    const { rows } = await client.query<{ person: number }>(
      `select v.person_id as person from audit_events e
       join personal_values v on e.data::text like '%i' || v.id || '.%'
       where e.type = 'request.reminded' order by e.seq`,
    );
    expect(rows).toEqual([{ person: before }, { person: after }]);
  });
});

describe("what an operator says", () => {
  const join = (one: number, two: number): ReturnType<typeof joinByHand> =>
    joinByHand(other.prisma, clock, one, two);
  const split = (person: number, ...names: readonly string[]): ReturnType<typeof splitByHand> =>
    splitByHand(other.prisma, clock, { person, names: names.map(nameKey) });
  const threePeople = async (): Promise<readonly [number, number, number]> => [
    await idOf("U1", "a@x.test"),
    await idOf("U2", "b@x.test"),
    await idOf("U3", "c@x.test"),
  ];
  async function joinedInto(): Promise<Readonly<Record<string, number | null>>> {
    const { rows } = await client.query<{ id: number; into: number | null }>(
      "select id, joined_into as into from people",
    );
    return Object.fromEntries(rows.map(({ id, into }) => [id, into]));
  }
  async function lockDown(person: number, value: string): Promise<void> {
    await client.query(
      `insert into lockdowns (id, kind, value, person_id, reason, locked_by, locked_at)
       values (gen_random_uuid(), 'person', $2, $1, 'rogue', 'd@x.test', now())`,
      [person, value],
    );
  }
  async function lockedDown(): Promise<unknown> {
    const { rows } = await client.query(
      "select person_id as person, value from lockdowns where lifted_at is null order by 1",
    );
    return rows;
  }

  it("joins whoever people are by now, at once or one after the other", async () => {
    const [one, two, three] = await threePeople();
    expect(await join(one, two)).toEqual({ person: one, requests: [] });
    // Looked up before the other join was there.
    expect(await join(two, three)).toEqual({ person: one, requests: [] });
    expect(await joinedInto()).toEqual({ [one]: null, [two]: one, [three]: one });
    expect(await idOf("U3", "c@x.test", peopleOn(other))).toBe(one);
  });

  it("records no join of who is one already, nor of who is erased", async () => {
    const [one, two, three] = await threePeople();
    await join(one, two);
    for (const pair of [[one, one] as const, [one, two] as const, [two, one] as const])
      expect(await join(...pair)).toEqual({ refusal: { kind: "same", person: one } });
    await client.query("update people set key = null, erased_at = now() where id = $1", [three]);
    expect(await join(two, three)).toEqual({ refusal: { kind: "erased", person: three } });
    expect(await joinedInto()).toEqual({ [one]: null, [two]: one, [three]: null });
    const { rows } = await client.query("select type from audit_events");
    expect(rows).toEqual([{ type: "person.joined" }]);
  });

  it("gives each of several who were joined in turn the number back that was theirs", async () => {
    const [one, two, three] = await threePeople();
    await join(two, three);
    await join(one, two);
    expect(await split(one, "U3", "c@x.test")).toEqual({ other: three });
    expect(await split(one, "U2", "b@x.test")).toEqual({ other: two });
    expect(await joinedInto()).toEqual({ [one]: null, [two]: null, [three]: null });
  });

  it("and leaves whoever was joined with one of them theirs", async () => {
    const [one, two, three] = await threePeople();
    await join(two, three);
    await join(one, two);
    expect(await split(one, "U2", "b@x.test", "U3", "c@x.test")).toEqual({ other: two });
    expect(await joinedInto()).toEqual({ [one]: null, [two]: null, [three]: two });
    expect(await split(two, "U3")).toEqual({ other: three });
  });

  it("makes somebody new of names that nobody had before", async () => {
    const [one, two, three] = await threePeople();
    await join(one, two);
    await idOf("U1", "d@x.test");
    const result = await split(one, "d@x.test");
    expect(result).toEqual({ other: three + 1 });
  });

  it("frees nobody who is locked down, and each can be named by what they go by", async () => {
    const [one, two] = await threePeople();
    await lockDown(one, "a@x.test");
    await lockDown(two, "b@x.test");
    await join(one, two);
    await split(one, "U2", "b@x.test");
    expect(await lockedDown()).toEqual([
      { person: one, value: "a@x.test" },
      { person: two, value: "b@x.test" },
    ]);
  });

  it("frees nobody, whichever of their names they were locked down by", async () => {
    const [one, two] = await threePeople();
    await join(one, two);
    await lockDown(one, "b@x.test");
    await split(one, "U2", "b@x.test");
    expect(await lockedDown()).toEqual([
      { person: one, value: "a@x.test" },
      { person: two, value: "b@x.test" },
    ]);
  });
});
