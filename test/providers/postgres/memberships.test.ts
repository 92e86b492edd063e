import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { describeAsEach, end, openRoles, type Roles, versionHere } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeAsEach((rights) => {
  let roles: Roles;
  let provider: Provider<PostgresTarget>;

  beforeAll(async () => {
    roles = await openRoles(versionHere, rights);
    provider = roles.provider;
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  const give = async (subject: string, role: string) => {
    const { state } = await provider.prepare(subject, { role });
    return (await provider.grant(subject, { role }, until, state)).state;
  };

  test("what was granted works, is one row of ours, and is gone without a trace", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const prepared = await provider.prepare(alice, { role: target });
    expect(prepared.isHeld).toBe(false);
    expect(await roles.rows(alice, target)).toEqual([]);
    const { state } = await provider.grant(alice, { role: target }, until, prepared.state);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(await roles.rows(alice, target)).toHaveLength(1);
    expect(await roles.isMember(alice, target)).toBe(true);
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    expect(await provider.grant(alice, { role: target }, until, prepared.state)).toEqual({ state });
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
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
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

  test("a grant from before ids were kept, granted again, is taken away at its end all the same", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    await give(alice, target);
    // As when it is extended, taken up after a crash, or another grant of the same is made beside it.
    const { state } = await provider.grant(alice, { role: target }, until, {});
    expect(await roles.rows(alice, target)).toHaveLength(1);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("a grant from before ids were kept is given again where it is gone", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await provider.grant(alice, { role: target }, until, {});
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    expect(await provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("with a way of their own by another role, that works, it is held before and kept after", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const team = await roles.create("engineers");
    await roles.admin.query(`GRANT ${target} TO ${team}; GRANT ${team} TO ${alice}`);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    const ended = await provider.revoke(alice, { role: target }, granted);
    expect(ended.keptBy).toEqual([`through ${team}`]);
    expect(await roles.rows(alice, target)).toEqual([]);
    expect(await provider.holds(alice, { role: target }, granted)).toBe(true);
  });

  test("a membership that was there before is theirs, and no session of theirs ends", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const by = versionHere === "15" || rights === "superuser" ? "" : `GRANTED BY ${roles.hallpass}`;
    await roles.admin.query(`GRANT ${target} TO ${alice} ${by}`);
    const session = await roles.connectAs(alice);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
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

  test("a person who does not inherit is told what to say, and it works", async () => {
    const [alice, target] = [await roles.person("alice", "NOINHERIT"), await roles.target("target")];
    const state = await give(alice, target);
    const words = provider.howToUse?.(alice, { role: target }, state);
    // From 16 on the membership says itself that it is inherited.
    expect(words).toBe(versionHere === "15" ? `In each session, say: SET ROLE "${target}";` : undefined);
    expect(await roles.isMember(alice, target)).toBe(versionHere !== "15");
    const session = await roles.connectAs(alice);
    await session.query(`SET ROLE "${target}"`);
    expect(await provider.holds(alice, { role: target }, state)).toBe(true);
    await provider.revoke(alice, { role: target }, state);
    expect(await roles.rows(alice, target)).toEqual([]);
  });
});
