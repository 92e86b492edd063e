import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { end, openRoles, settings, type Roles } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describe.each(settings)("on PostgreSQL %s, connected as a %s", (version, rights) => {
  let roles: Roles;
  let provider: Provider<PostgresTarget>;

  beforeAll(async () => {
    roles = await openRoles(version, rights);
    provider = roles.provider;
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  const give = async (subject: string, role: string) => {
    const { state } = await provider.prepare(subject, { role });
    return provider.grant(subject, { role }, until, state);
  };

  test("what was granted works, is one row of ours, and is gone without a trace", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const prepared = await provider.prepare(alice, { role: target });
    expect(prepared.isHeld).toBe(false);
    expect(await roles.rows(alice, target)).toEqual([]);
    const state = await provider.grant(alice, { role: target }, until, prepared.state);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(await roles.rows(alice, target)).toHaveLength(1);
    expect(await roles.isMember(alice, target)).toBe(true);
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    expect(await provider.grant(alice, { role: target }, until, prepared.state)).toEqual(state);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
    expect(await provider.holds(alice, { role: target }, state)).toBe(false);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
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
    const subject = await roles.person(`s ${name}`);
    const target = await roles.target(`t ${name}`);
    const state = await give(subject, target);
    expect(await roles.rows(subject, target)).toHaveLength(1);
    expect((await provider.holders?.({ role: target }))?.map((holder) => holder.subject)).toEqual([subject]);
    await provider.revoke(subject, { role: target }, state);
    expect(await roles.rows(subject, target)).toEqual([]);
  });

  test("a role renamed during the grant is found by its id, and so is a person", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const state = await give(alice, target);
    const [newAlice, newTarget] = [`${roles.prefix}_alicia`, `${roles.prefix}_aim`];
    await roles.admin.query(
      `ALTER ROLE ${alice} RENAME TO ${newAlice}; ALTER ROLE ${target} RENAME TO ${newTarget}`,
    );
    try {
      // Others go by those names now, and have the same.
      const [namesake, other] = [await roles.person("alice"), await roles.target("target")];
      await roles.admin.query(`GRANT ${other} TO ${namesake}`);
      expect(await provider.holds(alice, { role: target }, state)).toBe(true);
      expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
      expect(await roles.rows(newAlice, newTarget)).toEqual([]);
      expect(await roles.rows(namesake, other)).toHaveLength(1);
    } finally {
      await roles.admin.query(`DROP ROLE ${newAlice}; DROP OWNED BY ${newTarget}; DROP ROLE ${newTarget}`);
    }
  });

  test("renamed between the look and the grant, the right one is granted", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await provider.prepare(alice, { role: target });
    await roles.admin.query(`ALTER ROLE ${target} RENAME TO ${target}_new`);
    const impostor = await roles.target("target");
    const granted = await provider.grant(alice, { role: target }, until, state);
    expect(await roles.rows(alice, impostor)).toEqual([]);
    expect(await roles.rows(alice, `${target}_new`)).toHaveLength(1);
    await provider.revoke(alice, { role: target }, granted);
    expect(await roles.rows(alice, `${target}_new`)).toEqual([]);
    await roles.admin.query(`DROP OWNED BY ${target}_new; DROP ROLE ${target}_new`);
  });

  test("a role or a person that was dropped is proven gone, not a role of the same name", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const state = await give(alice, target);
    await roles.admin.query(`DROP OWNED BY ${target}; DROP ROLE ${target}`);
    await roles.target("target");
    expect(await provider.holds(alice, { role: target }, state)).toBe(false);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    await roles.admin.query(`DROP ROLE ${alice}`);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
  });

  test("a grant from before ids were kept goes by name, and a name that is not there proves nothing", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    await give(alice, target);
    expect(await provider.holds(alice, { role: target }, {})).toBe(true);
    await roles.admin.query(`ALTER ROLE ${alice} RENAME TO ${alice}_new`);
    const words = { message: expect.stringContaining(`no role is named "${alice}" here`), retryable: true };
    await expect(provider.revoke(alice, { role: target }, {})).rejects.toMatchObject(words);
    await expect(provider.holds(alice, { role: target }, {})).rejects.toMatchObject(words);
    await roles.admin.query(`ALTER ROLE ${alice}_new RENAME TO ${alice}`);
    expect(await provider.revoke(alice, { role: target }, {})).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("with a way of their own by another role, that works, it is held before and kept after", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const team = await roles.create("engineers");
    await roles.admin.query(`GRANT ${target} TO ${team}; GRANT ${team} TO ${alice}`);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const granted = await provider.grant(alice, { role: target }, until, state);
    const ended = await provider.revoke(alice, { role: target }, granted);
    expect(ended.keptBy).toEqual([`through ${team}`]);
    expect(await roles.rows(alice, target)).toEqual([]);
    expect(await provider.holds(alice, { role: target }, granted)).toBe(true);
  });

  test("a membership that was there before is theirs, and no session of theirs ends", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const by = version === "15" || rights === "superuser" ? "" : `GRANTED BY ${roles.hallpass}`;
    await roles.admin.query(`GRANT ${target} TO ${alice} ${by}`);
    const session = await roles.connectAs(alice);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const granted = await provider.grant(alice, { role: target }, until, state);
    const { keptBy } = await provider.revoke(alice, { role: target }, granted);
    expect(keptBy).toEqual([expect.stringMatching(/ gave it too$/u)]);
    expect(await roles.rows(alice, target)).toHaveLength(1);
    expect((await session.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await session.end();
  });

  test("what was prepared and never granted is nothing to take, and ends no session", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await provider.prepare(alice, { role: target });
    const session = await roles.connectAs(alice);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    expect((await session.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await session.end();
  });

  test("a grant that the server refused ends no session", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await provider.prepare(alice, { role: target });
    const session = await roles.connectAs(alice);
    await roles.admin.query(`DROP OWNED BY ${target}; DROP ROLE ${target}`);
    await expect(provider.grant(alice, { role: target }, until, state)).rejects.toMatchObject({
      message: `role "${target}" is no longer there`,
      retryable: false,
    });
    await provider.revoke(alice, { role: target }, state);
    expect((await session.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await session.end();
  });

  test("a grant whose answer was lost is ours to take, with its sessions", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await provider.prepare(alice, { role: target });
    await provider.grant(alice, { role: target }, until, state);
    const became = await roles.connectAs(alice);
    await became.query(`SET ROLE ${target}`);
    const ended = end(became);
    await provider.revoke(alice, { role: target }, state);
    await ended;
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("sessions end even where an earlier try took the membership and got no further", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const state = await give(alice, target);
    const became = await roles.connectAs(alice);
    await became.query(`SET ROLE ${target}`);
    const [row] = await roles.rows(alice, target);
    await roles.admin.query(`REVOKE ${target} FROM ${alice} GRANTED BY "${row?.by ?? ""}"`);
    const ended = end(became);
    await provider.revoke(alice, { role: target }, state);
    await expect(ended).resolves.toBeUndefined();
  });

  test("revoking ends the subject's sessions, also one that has become the role, and nobody else's", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    const state = await give(alice, target);
    const [idle, became, others] = [
      await roles.connectAs(alice),
      await roles.connectAs(alice),
      await roles.connectAs(bob),
    ];
    await became.query(`SET ROLE ${target}`);
    const ended = [idle, became].map(end);
    await provider.revoke(alice, { role: target }, state);
    const { rows } = await roles.admin.query("SELECT FROM pg_stat_activity WHERE usename = $1", [alice]);
    expect(rows).toHaveLength(0);
    await Promise.all(ended);
    expect((await others.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await others.end();
    // Alice may come back, with what she has left.
    const again = await roles.connectAs(alice);
    await expect(again.query(`SET ROLE ${target}`)).rejects.toMatchObject({ code: "42501" });
    await again.end();
  });

  if (rights === "limited") {
    test("sessions that may not be ended are told, and the next try still ends them", async () => {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const { state } = await provider.prepare(alice, { role: target });
      await provider.grant(alice, { role: target }, until, state);
      const ended = end(await roles.connectAs(alice));
      await roles.admin.query(`REVOKE pg_signal_backend FROM ${roles.hallpass}`);
      // With the state from before the grant: that something was taken is known by this process alone.
      await expect(provider.revoke(alice, { role: target }, state)).rejects.toMatchObject({
        retryable: false,
      });
      expect(await roles.rows(alice, target)).toEqual([]);
      await roles.admin.query(`GRANT pg_signal_backend TO ${roles.hallpass}`);
      await provider.revoke(alice, { role: target }, state);
      await expect(ended).resolves.toBeUndefined();
    });
  }

  test("the sessions of all that are taken at once end, and nobody else's", async () => {
    const target = await roles.target("target");
    const people: string[] = [];
    for (const name of ["b", "c", "d"]) people.push(await roles.person(name));
    const other = await roles.connectAs(await roles.person("other"));
    const states = await Promise.all(people.map((subject) => give(subject, target)));
    const ended = (await Promise.all(people.map((person) => roles.connectAs(person)))).map(end);
    const outcomes = await Promise.all(
      people.map((subject, index) => provider.revoke(subject, { role: target }, states[index] ?? {})),
    );
    expect(outcomes).toEqual(people.map(() => ({ keptBy: [] })));
    await Promise.all(ended);
    expect((await other.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await other.end();
  });

  test("a name that is none is refused, and prepares nothing", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    for (const name of ["", "alice\0bob", "ü".repeat(32)]) {
      const words = {
        message: expect.stringMatching(/^expected the name of a PostgreSQL role/u),
        retryable: false,
      };
      await expect(provider.prepare(name, { role: target })).rejects.toMatchObject(words);
      await expect(provider.prepare(alice, { role: name })).rejects.toMatchObject(words);
    }
  });

  test("who is unknown is refused for good", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    for (const [subject, role, lost] of [
      [`${roles.prefix}_bob`, target, `${roles.prefix}_bob`],
      [alice, `${roles.prefix}_lost`, `${roles.prefix}_lost`],
      ["public", target, "public"],
    ] as const) {
      await expect(provider.prepare(subject, { role })).rejects.toMatchObject({
        message: `role "${lost}" does not exist`,
        retryable: false,
      });
    }
  });

  test.each([
    ["a superuser", "LOGIN SUPERUSER", "superuser"],
    ["whoever may create roles", "LOGIN CREATEROLE", "create roles"],
    ["what replicates", "LOGIN REPLICATION", "replicate"],
    ["what bypasses row security", "LOGIN BYPASSRLS", "bypass row security"],
    ["a role that cannot log in", "NOLOGIN", "others have theirs through"],
  ])("%s is granted nothing", async (_, options, why) => {
    const [subject, target] = [await roles.create("subject", options), await roles.target("target")];
    await expect(provider.prepare(subject, { role: target })).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^"${subject}" is granted nothing: .*${why}`, "u")),
      retryable: false,
    });
    await roles.admin.query(`GRANT ${target} TO ${subject}`);
    expect(await provider.mustKeep?.(subject, { role: target })).toContain(why);
  });

  test("a login that has members, PostgreSQL's own roles and whom Hallpass connects as are granted nothing", async () => {
    const target = await roles.target("target");
    const [group, member] = [await roles.person("group"), await roles.person("member")];
    await roles.admin.query(`GRANT ${group} TO ${member}`);
    const because = (why: string) => ({ message: expect.stringContaining(why), retryable: false });
    await expect(provider.prepare(group, { role: target })).rejects.toMatchObject(
      because("others have theirs through"),
    );
    await expect(provider.prepare("pg_monitor", { role: target })).rejects.toMatchObject(
      because("PostgreSQL's own"),
    );
    await expect(provider.prepare(roles.hallpass, { role: target })).rejects.toMatchObject(
      because("Hallpass connects as it"),
    );
    await roles.admin.query(`REVOKE ${group} FROM ${member}; GRANT ${group} TO ${roles.hallpass}`);
    await expect(provider.prepare(group, { role: target })).rejects.toMatchObject(because("by way of it"));
  });

  test.each([
    ["a superuser", "SUPERUSER", "is a superuser"],
    ["what may create roles", "CREATEROLE", "may create roles"],
    ["what bypasses row security", "BYPASSRLS", "bypasses row security"],
  ])("%s is granted only where the policy says that it is meant", async (_, options, why) => {
    const alice = await roles.person("alice");
    const [danger, target] = [await roles.create("danger", options), await roles.target("target")];
    await roles.admin.query(`GRANT ${danger} TO ${target}`);
    await expect(provider.prepare(alice, { role: target })).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`it leads to "${danger}", .*; where that is meant, say dangerous: true`, "u"),
      ),
      retryable: false,
    });
    await expect(provider.prepare(alice, { role: danger })).rejects.toMatchObject({
      message: expect.stringContaining(`it ${why}`),
    });
    const { state } = await provider.prepare(alice, { role: target, dangerous: true });
    await provider.grant(alice, { role: target, dangerous: true }, until, state);
    expect(await roles.isMember(alice, target)).toBe(true);
  });

  test.each(["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"])(
    "a role that leads to %s is dangerous",
    async (name) => {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const team = await roles.create("team");
      await roles.admin.query(`GRANT ${name} TO ${team}; GRANT ${team} TO ${target}`);
      await expect(provider.prepare(alice, { role: target })).rejects.toMatchObject({
        message: expect.stringContaining(`it leads to "${name}", which reaches the server's own files`),
      });
    },
  );

  test("the holders of a role are its direct members, but for whom we connect as to grant it", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    const team = await roles.create("team");
    await roles.admin.query(
      `GRANT ${target} TO ${team}; GRANT ${team} TO ${alice}; GRANT ${target} TO ${bob}`,
    );
    const holders = await provider.holders?.({ role: target });
    expect(holders?.map(({ subject }) => subject)).toEqual([bob, team]);
    const { subjectId } = await provider.prepare(bob, { role: target });
    expect(holders?.[0]?.subjectId).toBe(subjectId);
    expect(await provider.holders?.({ role: `${roles.prefix}_lost` })).toEqual([]);
    await roles.admin.query(`GRANT ${target} TO ${bob} WITH ADMIN OPTION`);
    expect(await provider.mustKeep?.(bob, { role: target })).toContain("ADMIN OPTION");
    expect(await provider.mustKeep?.(alice, { role: target })).toBeUndefined();
  });

  test("use is what the subject's sessions show: now while one runs something, then since when it is idle", async () => {
    // Of others' sessions one sees that with pg_read_all_stats.
    if (rights === "limited") await roles.admin.query(`GRANT pg_read_all_stats TO ${roles.hallpass}`);
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const state = await give(alice, target);
    expect(await provider.lastUsed?.(alice, { role: target }, state)).toBeUndefined();
    const session = await roles.connectAs(alice);
    const ended = end(session);
    await roles.admin.query(
      `ALTER ROLE ${alice} RENAME TO ${alice}_new; ALTER ROLE ${alice}_new RENAME TO ${alice}`,
    );
    const opened = await provider.lastUsed?.(alice, { role: target }, state);
    expect(Date.now() - (opened?.getTime() ?? 0)).toBeLessThan(10_000);
    const running = session.query("select pg_sleep(30)");
    running.catch(() => undefined);
    let used: Date | undefined;
    do used = await provider.lastUsed?.(alice, { role: target }, state);
    while (used === undefined || used <= (opened ?? used));
    await provider.revoke(alice, { role: target }, state);
    await ended;
  });

  test("a person who does not inherit is told what to say, and it works", async () => {
    const [alice, target] = [await roles.person("alice", "NOINHERIT"), await roles.target("target")];
    const state = await give(alice, target);
    const words = provider.howToUse?.(alice, { role: target }, state);
    // From 16 on the membership says itself that it is inherited.
    expect(words).toBe(version === "15" ? `In each session, say: SET ROLE "${target}";` : undefined);
    expect(await roles.isMember(alice, target)).toBe(version !== "15");
    const session = await roles.connectAs(alice);
    await session.query(`SET ROLE "${target}"`);
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    await provider.revoke(alice, { role: target }, state);
    expect(await roles.rows(alice, target)).toEqual([]);
  });
});
