import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { createPostgresProvider, PostgresTarget } from "../../src/providers/postgres.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { serverUrl } from "../support/database.ts";
import { describeProviderContract } from "./contract.ts";
import type { Roles } from "./postgres-roles.ts";
import { connectAs, end, openRoles, urlAs } from "./postgres-roles.ts";

const until = new Date(Date.now() + 3_600_000);
let roles: Roles;
let provider: Provider<PostgresTarget>;

beforeAll(async () => {
  roles = await openRoles();
  provider = createPostgresProvider({ url: serverUrl() });
});

afterEach(() => roles.dropAll());

afterAll(async () => {
  await provider.close();
  await roles.admin.end();
});

describeProviderContract("PostgreSQL", async () => {
  const own = await openRoles();
  const [subject, bystander] = [await own.create("alice", "LOGIN"), await own.create("bob", "LOGIN")];
  const [target, otherTarget] = [{ role: await own.create("read") }, { role: await own.create("write") }];
  return {
    provider: createPostgresProvider({ url: serverUrl() }),
    subject,
    bystander,
    stranger: `${own.prefix}_nobody`,
    target,
    otherTarget,
    look: (name, { role }) => own.isMember(name, role),
    unreachable: () => createPostgresProvider({ url: "postgresql://hallpass:secret-word@127.0.0.1:1/x" }),
    async close() {
      await own.dropAll();
      await own.admin.end();
    },
  };
});

test.each([
  [`x"; DROP ROLE hallpass; --`],
  [`"quoted"`],
  ["o'neill"],
  ["Änne Großmann 🦊"],
  ["UPPER case"],
  ["alice@example.com"],
  ["back\\slash"],
  ["new\nline"],
  ["$1"],
])("a name is only ever a name: %j", async (name) => {
  const subject = await roles.create(`s ${name}`);
  const target = await roles.create(`t ${name}`);
  await provider.grant(subject, { role: target }, until);
  expect(await roles.isMember(subject, target)).toBe(true);
  expect(await provider.holds(subject, { role: target }, {})).toBe(true);
  await provider.revoke(subject, { role: target }, {});
  expect(await roles.isMember(subject, target)).toBe(false);
  expect(await provider.holds(subject, { role: target }, {})).toBe(false);
});

test.each([
  ["is empty", ""],
  ["has a NUL in it", "alice\0bob"],
  ["is longer than PostgreSQL's 63 bytes, which it would cut off", "ü".repeat(32)],
])("a name that %s is refused, and never was granted", async (_, name) => {
  const target = await roles.create("target");
  await expect(provider.grant(name, { role: target }, until)).rejects.toMatchObject({ retryable: false });
  await expect(provider.grant(target, { role: name }, until)).rejects.toMatchObject({ retryable: false });
  await provider.revoke(name, { role: target }, undefined);
  expect(await provider.holds(name, { role: target }, undefined)).toBe(false);
  expect(PostgresTarget.safeParse({ role: name }).error?.issues[0]?.message).toMatch(
    /^expected the name of a PostgreSQL role/,
  );
});

test("a name of 63 bytes is not cut off", async () => {
  const subject = await roles.create("x".repeat(63 - roles.prefix.length - 1));
  const target = await roles.create("target");
  await provider.grant(subject, { role: target }, until);
  expect(await roles.isMember(subject, target)).toBe(true);
});

test("what is refused is refused in the server's words", async () => {
  const alice = await roles.create("alice");
  await expect(provider.grant(`${roles.prefix}_bob`, { role: alice }, until)).rejects.toMatchObject({
    message: `role "${roles.prefix}_bob" does not exist`,
    retryable: false,
  });
  await expect(provider.grant(alice, { role: `${roles.prefix}_lost` }, until)).rejects.toMatchObject({
    message: `role "${roles.prefix}_lost" does not exist`,
    retryable: false,
  });
  await expect(provider.grant("public", { role: alice }, until)).rejects.toMatchObject({ retryable: false });
  await provider.revoke(alice, { role: `${roles.prefix}_lost` }, {});
});

test("a membership somebody else granted as well is taken too, and an indirect one is left", async () => {
  const alice = await roles.create("alice");
  const target = await roles.create("target");
  const team = await roles.create("team");
  const other = await roles.create("other", "CREATEROLE");
  await roles.admin.query(`GRANT ${target} TO ${other} WITH ADMIN OPTION`);
  await roles.admin.query(`GRANT ${target} TO ${alice} GRANTED BY ${other}`);
  await roles.admin.query(`GRANT ${target} TO ${team}`);
  await roles.admin.query(`GRANT ${team} TO ${alice}`);
  await provider.grant(alice, { role: target }, until);
  await provider.revoke(alice, { role: target }, {});
  expect(await provider.holds(alice, { role: target }, {})).toBe(false);
  const { rows } = await roles.admin.query(
    "SELECT FROM pg_auth_members WHERE member = $1::regrole AND roleid = $2::regrole",
    [alice, target],
  );
  expect(rows).toHaveLength(0);
  expect(await roles.isMember(alice, target)).toBe(true);
  await roles.admin.query(`REVOKE ${team} FROM ${alice}`);
  expect(await roles.isMember(alice, target)).toBe(false);
});

test("a membership others depend on is not taken by force, but said", async () => {
  const alice = await roles.create("alice");
  const bob = await roles.create("bob");
  const target = await roles.create("target");
  await roles.admin.query(`GRANT ${target} TO ${alice} WITH ADMIN OPTION`);
  await roles.admin.query(`GRANT ${target} TO ${bob} GRANTED BY ${alice}`);
  await expect(provider.revoke(alice, { role: target }, {})).rejects.toMatchObject({
    message: "dependent privileges exist",
    retryable: false,
  });
  expect(await roles.isMember(bob, target)).toBe(true);
  await roles.admin.query(`REVOKE ${target} FROM ${bob} GRANTED BY ${alice}`);
  await provider.revoke(alice, { role: target }, {});
  expect(await roles.isMember(alice, target)).toBe(false);
});

test("revoking ends the subject's sessions, also one that has become the role, and nobody else's", async () => {
  const alice = await roles.create("alice", "LOGIN PASSWORD 'pw'");
  const bob = await roles.create("bob", "LOGIN PASSWORD 'pw'");
  const target = await roles.create("target");
  await provider.grant(alice, { role: target }, until);
  const [idle, became, others] = [await connectAs(alice), await connectAs(alice), await connectAs(bob)];
  await became.query(`SET ROLE ${target}`);
  expect((await became.query("SELECT current_user AS name")).rows).toEqual([{ name: target }]);
  const ended = [idle, became].map(end);

  await provider.revoke(alice, { role: target }, {});
  const { rows } = await roles.admin.query("SELECT FROM pg_stat_activity WHERE usename = $1", [alice]);
  expect(rows).toHaveLength(0);
  await Promise.all(ended);
  expect((await others.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await others.end();

  // Alice may come back, with what she has left.
  const again = await connectAs(alice);
  await expect(again.query(`SET ROLE ${target}`)).rejects.toMatchObject({ code: "42501" });
  await again.end();
});

test("sessions are ended even where an earlier try took the membership and got no further", async () => {
  const alice = await roles.create("alice", "LOGIN PASSWORD 'pw'");
  const target = await roles.create("target");
  await provider.grant(alice, { role: target }, until);
  const became = await connectAs(alice);
  await became.query(`SET ROLE ${target}`);
  await roles.admin.query(`REVOKE ${target} FROM ${alice}`);
  const ended = end(became);
  await provider.revoke(alice, { role: target }, {});
  await expect(ended).resolves.toBeUndefined();
});

test("the sessions of all that are taken at once end, and nobody else's", async () => {
  const target = await roles.create("target");
  const subjects: string[] = [];
  for (const name of ["b", "c", "d"]) subjects.push(await roles.create(name, "LOGIN PASSWORD 'pw'"));
  const other = await connectAs(await roles.create("other", "LOGIN PASSWORD 'pw'"));
  for (const subject of subjects) await provider.grant(subject, { role: target }, until);
  const ended = (await Promise.all(subjects.map(connectAs))).map(end);
  await Promise.all(subjects.map((subject) => provider.revoke(subject, { role: target }, {})));
  const { rows } = await roles.admin.query("SELECT FROM pg_stat_activity WHERE usename = ANY ($1)", [
    subjects,
  ]);
  expect(rows).toHaveLength(0);
  await Promise.all(ended);
  expect((await other.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await other.end();
});

test("of those taken at once, one that cannot be taken fails alone", async () => {
  const target = await roles.create("target");
  const names = ["b", "c", "d", "e", "f", "g"];
  const subjects: string[] = [];
  for (const name of names) subjects.push(await roles.create(name));
  const [alice, dependent] = [await roles.create("alice"), await roles.create("dependent")];
  for (const subject of subjects) await provider.grant(subject, { role: target }, until);
  await roles.admin.query(`GRANT ${target} TO ${alice} WITH ADMIN OPTION`);
  await roles.admin.query(`GRANT ${target} TO ${dependent} GRANTED BY ${alice}`);

  const revoke = (subject: string): Promise<void> => provider.revoke(subject, { role: target }, {});
  const nobody = `${roles.prefix}_nobody`;
  const outcomes = await Promise.allSettled([...subjects, nobody, alice].map(revoke));
  expect(outcomes.slice(0, -1)).toEqual(
    [...subjects, nobody].map(() => ({ status: "fulfilled", value: undefined })),
  );
  expect(outcomes.at(-1)).toMatchObject({
    status: "rejected",
    reason: { message: "dependent privileges exist", retryable: false },
  });
  const { rows } = await roles.admin.query<{ name: string }>(
    "SELECT member::regrole::text AS name FROM pg_auth_members WHERE roleid = $1::regrole ORDER BY 1",
    [target],
  );
  expect(rows.map(({ name }) => name)).toEqual([alice, dependent]);
  await roles.admin.query(`REVOKE ${target} FROM ${dependent} GRANTED BY ${alice}`);
});

test("of those taken at once, one whose role somebody else has locked waits alone", async () => {
  const [target, locked] = [await roles.create("target"), await roles.create("locked")];
  const subjects: string[] = [];
  for (const name of ["b", "c", "d", "e", "f"]) subjects.push(await roles.create(name));
  const [waiting, other] = [await roles.create("waiting"), await roles.create("other")];
  for (const subject of subjects) await provider.grant(subject, { role: target }, until);
  await provider.grant(waiting, { role: locked }, until);
  await roles.admin.query(`BEGIN; GRANT ${locked} TO ${other}`);
  const waits = provider.revoke(waiting, { role: locked }, {});
  try {
    await Promise.all(subjects.map((subject) => provider.revoke(subject, { role: target }, {})));
    const held = await Promise.all(subjects.map((name) => provider.holds(name, { role: target }, {})));
    expect(held).toEqual(subjects.map(() => false));
    expect(await provider.holds(waiting, { role: locked }, {})).toBe(true);
  } finally {
    await roles.admin.query("COMMIT");
    await waits;
  }
  expect(await provider.holds(waiting, { role: locked }, {})).toBe(false);
});

test("the holders of a role are its direct members, but for whom we connect as to grant it", async () => {
  const [alice, bob] = [await roles.create("alice"), await roles.create("bob")];
  const ours = await roles.create("hallpass", "LOGIN PASSWORD 'pw'");
  const [target, team] = [await roles.create("target"), await roles.create("team")];
  await roles.admin.query(`GRANT pg_signal_backend TO ${ours}`);
  await roles.admin.query(`GRANT ${target} TO ${ours} WITH ADMIN OPTION`);
  await roles.admin.query(`GRANT ${target} TO ${team}; GRANT ${team} TO ${alice}; GRANT ${target} TO ${bob}`);
  const connected = createPostgresProvider({ url: urlAs(ours) });
  try {
    expect(await connected.holders({ role: target })).toEqual([bob, team]);
    // To somebody else's eyes it is a member like others.
    expect(await provider.holders({ role: target })).toEqual([bob, ours, team]);
    expect(await provider.holders({ role: `${roles.prefix}_lost` })).toEqual([]);
    expect(await connected.mustKeep?.(ours, { role: target })).toContain("Hallpass connects as it");
  } finally {
    await connected.close();
  }
});

test.each([
  ["a superuser", "LOGIN SUPERUSER", "", "superuser"],
  ["whoever may create roles", "LOGIN CREATEROLE", "", "create roles"],
  ["what replicates", "LOGIN REPLICATION", "", "replicate"],
  ["whoever may grant it to others", "LOGIN", "WITH ADMIN OPTION", "ADMIN OPTION"],
  ["a role to have others by", "NOLOGIN", "", "others have theirs through"],
])("%s must keep a role", async (_, options, how, why) => {
  const subject = await roles.create("subject", options);
  const target = { role: await roles.create("target") };
  await roles.admin.query(`GRANT ${target.role} TO ${subject} ${how}`);
  expect(await provider.mustKeep?.(subject, target)).toContain(why);
});

test("a role must be kept by whom we ourselves are a member of, and by whoever has members", async () => {
  const group = await roles.create("group", "LOGIN");
  const ours = await roles.create("hallpass", "LOGIN PASSWORD 'pw'");
  const target = { role: await roles.create("target") };
  await roles.admin.query(`GRANT ${target.role} TO ${group}`);
  expect(await provider.mustKeep?.(group, target)).toBeUndefined();
  await roles.admin.query(`GRANT ${group} TO ${ours}`);
  expect(await provider.mustKeep?.(group, target)).toContain("others have theirs through");
  const connected = createPostgresProvider({ url: urlAs(ours) });
  try {
    expect(await connected.mustKeep?.(group, target)).toContain("by way of it");
  } finally {
    await connected.close();
  }
});

test("use is what the subject's sessions show: now while one runs something, then since when it is idle", async () => {
  const subject = await roles.create("user", "LOGIN PASSWORD 'pw'");
  const target = { role: await roles.create("used") };
  await provider.grant(subject, target, until);
  const session = await connectAs(subject);
  const ended = end(session);
  try {
    const opened = await provider.lastUsed(subject, target, {});
    expect(Date.now() - (opened?.getTime() ?? 0)).toBeLessThan(10_000);
    const running = session.query("select pg_sleep(30)");
    running.catch(() => undefined);
    let used: Date | undefined;
    do used = await provider.lastUsed(subject, target, {});
    while (used === undefined || used <= (opened ?? used));
    expect(used.getTime()).toBeGreaterThan(opened?.getTime() ?? 0);
  } finally {
    await provider.revoke(subject, target, {});
    await ended;
  }
});
