import fc from "fast-check";
import { Client } from "pg";
import { z } from "zod";
import { type AuditEvent, eventData } from "../../src/domain/audit-event.ts";
import { undecided } from "../../src/domain/personal-fields.ts";
import { recordEvent } from "../../src/persistence/audit.ts";
import { type Database, openDatabase } from "../../src/persistence/database/database.ts";
import { withSealer } from "../../src/persistence/personal/seal-personal.ts";
import { readPersonalDirectory } from "../../src/persistence/personal/directory.ts";
import { escapeTokens } from "../../src/persistence/personal/token.ts";
import type { Caller } from "../../src/identity/caller.ts";
import { alice, bob, buildRequest, t0 } from "../support/build.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { meetEverybody } from "../support/people.ts";

let own: TestDatabase;
let database: Database;
let client: Client;

beforeAll(async () => {
  own = await createDatabase();
  database = openDatabase(own.url);
  client = new Client({ connectionString: own.url });
  await client.connect();
  await meetEverybody(database.prisma);
});
afterAll(async () => {
  await client.end();
  await database.close();
  await own.close();
});

const denied = (reason: string, by: Caller = bob): AuditEvent => ({
  type: "request.denied",
  at: t0,
  actor: { kind: "person", email: by.email, ...(by.account === undefined ? {} : { account: by.account }) },
  data: { name: by.name, reason },
});

/** The last event, as it is stored and as it is read. */
async function lastEvent(): Promise<{ readonly stored: string; readonly read: Record<string, unknown> }> {
  const { rows } = await client.query<Record<string, unknown>>(
    "select actor_email, actor_slack_id, requester_email, resource, data from audit_events order by seq desc limit 1",
  );
  const read = z
    .record(z.string(), z.unknown())
    .parse((await readPersonalDirectory(client)).openAll(rows[0]));
  return { stored: JSON.stringify(rows), read };
}

test("each string of every event is decided upon: personal in its way, or not", () => {
  const open = Object.entries(eventData).flatMap(([type, schema]) => undecided(schema, type));
  expect(open).toEqual([]);
});

test("an event holds nothing personal, and is read as it was recorded", async () => {
  await recordEvent(database.prisma, denied("Alice, ask carol@example.com."), { request: buildRequest() });
  const { stored, read } = await lastEvent();
  // Three letters stand in what is sealed by chance, once in some hundred times.
  expect(stored).not.toMatch(/alice|carol|UBOB|example\.com/i);
  expect(read).toEqual({
    actor_email: bob.email,
    actor_slack_id: "UBOB",
    requester_email: alice.email,
    resource: "orders-db",
    data: { name: "Bob", reason: "Alice, ask carol@example.com." },
  });
});

test("people are recorded once, by whomever and however often they are met", async () => {
  const others = [openDatabase(own.url), openDatabase(own.url), openDatabase(own.url)];
  try {
    const zoe = { email: "zoe@example.com", name: "Zoe", account: "UZOE" };
    await Promise.all(
      [database, ...others].map((each, index) =>
        recordEvent(each.prisma, denied("no", { ...zoe, name: `Zoe ${index % 2}` })),
      ),
    );
    const { rows } = await client.query<{ kind: string }>(
      "select v.kind from person_names n join personal_values v using (person_id) where n.name = $1 order by v.kind",
      [zoe.email],
    );
    expect(rows.map(({ kind }) => kind)).toEqual(["email", "name", "name", "slack_id"]);
  } finally {
    await Promise.all(others.map((each) => each.close()));
  }
});

/** Strings with what tokens are made of in all places. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 5 }).map((text) => text.replaceAll("\0", "")),
      fc.constantFrom(
        "\uFDD0",
        "\uFDD1",
        "\uFDD0i1\uFDD1",
        "\uFDD0l\uFDD1",
        "\uFDD0t1:AAAA\uFDD1",
        "bob@example.com",
        "i",
        "l",
        '"',
        "\\",
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join("").replaceAll(/\p{Cs}/gu, ""));

test("whatever people write and are called comes back as it was, and is never taken for a token", async () => {
  await fc.assert(
    fc.asyncProperty(hostile, hostile, hostile, async (reason, name, resource) => {
      const request = { ...buildRequest(), resource };
      await recordEvent(database.prisma, denied(reason, { ...bob, name }), { request });
      const { read } = await lastEvent();
      expect(read).toMatchObject({ resource, data: { name, reason } });
    }),
    { numRuns: 60 },
  );
});

test("a token of an event from before tokens had marks is read, and one with a mark only by that mark", async () => {
  await recordEvent(database.prisma, denied("no"), { request: buildRequest() });
  const { rows } = await client.query<{ token: string }>(
    "select actor_email as token from audit_events order by seq desc limit 1",
  );
  const token = rows[0]?.token ?? "";
  expect(token).toMatch(/^\uFDD0i\d+\.\d+\.[\w-]{22}\uFDD1$/u);
  const directory = await readPersonalDirectory(client);
  expect(directory.open(token)).toBe(bob.email);
  expect(directory.open(token.replace(/\..*/u, "\uFDD1"))).toBe(bob.email);
  for (const changed of [token.replace(/\.\d+\./u, ".99."), token.replace(/\.[\w-]{4}/u, ".0000")])
    expect([changed, directory.open(changed)]).toEqual([changed, "unreadable: changed since it was sealed"]);
});

test("the database takes no event that binds less than it should", async () => {
  const insert = (columns: string, values: string): Promise<unknown> =>
    client.query(
      `insert into audit_events (id, at, type, actor_kind, data, ${columns}) values (gen_random_uuid(), now(), 't', 'person', '{}', ${values})`,
    );
  await expect(insert("actor_email", "'\uFDD0i1\uFDD1'")).rejects.toThrow("audit_events_bound");
  await expect(insert("request_id", "gen_random_uuid()")).rejects.toThrow("audit_events_bound");
});

test("what was sealed is read by the same key only, and not when it was moved to somebody else", async () => {
  await recordEvent(database.prisma, denied("secret words"), { request: buildRequest() });
  const { rows } = await client.query<{ data: { reason: string } }>(
    "select data from audit_events order by seq desc limit 1",
  );
  const moved = (rows[0]?.data.reason ?? "").replace(/t[\d.]+:/, "t1:");
  const directory = await readPersonalDirectory(client);
  expect(moved).toContain("t1:");
  expect(directory.open(moved)).toBe("unreadable: changed since it was sealed");
  expect(directory.open("\uFDD0t1:AA\uFDD1")).toBe("unreadable: changed since it was sealed");
});

test("a token that stands for nothing known opens to words, and a broken one stays as it is", async () => {
  const directory = await readPersonalDirectory(client);
  expect(directory.open("\uFDD0i99999\uFDD1")).toBe("unreadable: changed since it was sealed");
  expect(directory.open("\uFDD0x1\uFDD1 \uFDD0")).toBe("\uFDD0x1\uFDD1 \uFDD0");
  expect(directory.open(escapeTokens("\uFDD0i1\uFDD1"))).toBe("\uFDD0i1\uFDD1");
});

test("who is known costs no statement besides the event's own", async () => {
  let statements = 0;
  const db = new Proxy(database.prisma, {
    get(target, key) {
      if (key === "$queryRaw" || key === "$executeRaw") statements += 1;
      const property: unknown = Reflect.get(target, key);
      return typeof property === "function" ? (property.bind(target) as unknown) : property;
    },
  });
  await recordEvent(db, denied("first"), { request: buildRequest() });
  const first = statements;
  await recordEvent(db, denied("second"), { request: buildRequest() });
  // The last change of who is who, whoever is met by a name, and whoever by a number.
  expect([first, statements - first]).toEqual([4, 1]);
});

const erase = "update people set key = null, erased_at = now() where id = $1";

async function personOf(name: string): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number }>(
    "select person_id as id from person_names where name = $1 and until is null",
    [name],
  );
  return rows[0]?.id;
}

test("an erased person who comes back is another one, also for a process that remembers the key", async () => {
  const yves = { email: "yves@example.com", name: "Yves" };
  const request = buildRequest();
  await recordEvent(database.prisma, denied("before", yves), { request });
  const first = await personOf(yves.email);
  await client.query(erase, [first]);
  expect((await lastEvent()).read).toMatchObject({
    actor_email: `erased person ${first}`,
    requester_email: alice.email,
    data: { name: `erased person ${first}`, reason: `erased person ${first}` },
  });
  await recordEvent(database.prisma, denied("after", yves), { request });
  const second = await personOf(yves.email);
  expect(second).not.toBe(first);
  expect((await lastEvent()).read).toMatchObject({ actor_email: yves.email, data: { reason: "after" } });
  const { rows } = await client.query(
    "select actor_person from audit_events where actor_person = any ($1) order by seq",
    [[first, second]],
  );
  expect(rows).toEqual([{ actor_person: first }, { actor_person: second }]);
});

test("a person is erased, and nothing else of people and values is ever changed", async () => {
  await withSealer(database.prisma, [{ whose: "u1", kind: "name", value: "U" }], () => Promise.resolve());
  const refused = { code: "42501" };
  const one = await personOf("u1");
  for (const change of ["id = id + 1000", "key = null", "key = decode(repeat('00', 32), 'hex')"])
    await expect(client.query(`update people set ${change} where id = $1`, [one])).rejects.toMatchObject(
      refused,
    );
  await expect(client.query("delete from people")).rejects.toMatchObject(refused);
  await expect(client.query("truncate people cascade")).rejects.toMatchObject(refused);
  await expect(client.query("update personal_values set kind = kind")).rejects.toMatchObject(refused);
  await expect(client.query("delete from personal_values")).rejects.toMatchObject(refused);
  await expect(client.query("truncate personal_values")).rejects.toMatchObject(refused);
  await client.query(erase, [one]);
  await expect(client.query(erase, [one])).rejects.toMatchObject(refused);
});
