import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { end, openRoles, type Rights, type Roles } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

// From PostgreSQL 16 on a membership is of a role, a member and a grantor.
describe.each<[Rights]>([["superuser"], ["limited"]])("connected as a %s", (rights) => {
  let roles: Roles;
  let provider: Provider<PostgresTarget>;
  /** Whose grants ours are: any superuser's are the bootstrap superuser's. */
  let us: string;
  let alice: string;
  let target: string;
  /** Another who may grant. */
  let other: string;

  beforeAll(async () => {
    roles = await openRoles("18", rights);
    provider = roles.provider;
    const { rows } = await roles.admin.query<{ name: string }>(
      "SELECT rolname AS name FROM pg_roles WHERE oid = 10",
    );
    us = rights === "limited" ? roles.hallpass : (rows[0]?.name ?? "");
  });

  beforeEach(async () => {
    [alice, target, other] = [
      await roles.person("alice"),
      await roles.target("target"),
      await roles.create("other"),
    ];
    await roles.admin.query(`GRANT ${target} TO ${other} WITH ADMIN OPTION`);
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  test("ours stands beside another grantor's row, and goes without it", async () => {
    await roles.admin.query(`GRANT ${target} TO ${alice} GRANTED BY ${other}`);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    expect((await roles.rows(alice, target)).map(({ by }) => by).toSorted()).toEqual([us, other].toSorted());
    expect(await provider.revoke(alice, { role: target }, granted)).toEqual({
      keptBy: [`${other} gave it too`],
    });
    expect(await roles.rows(alice, target)).toEqual([{ by: other, inherits: true, sets: true }]);
    expect(await provider.holds(alice, { role: target }, granted)).toBe(true);
  });

  test("another grantor's that joined meanwhile stays; ours goes, sessions end, and it is said", async () => {
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    await roles.admin.query(`GRANT ${target} TO ${alice} GRANTED BY ${other}`);
    const ended = end(await roles.connectAs(alice));
    expect(await provider.revoke(alice, { role: target }, granted)).toEqual({
      keptBy: [`${other} gave it too`],
    });
    await ended;
    expect(await roles.rows(alice, target)).toEqual([{ by: other, inherits: true, sets: true }]);
  });

  test("a row without effect is no standing access, and is as it was afterwards, whoever gave it", async () => {
    for (const by of [us, other]) {
      await roles.admin.query(
        `GRANT ${target} TO ${alice} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE GRANTED BY "${by}"`,
      );
      const before = await roles.rows(alice, target);
      const { isHeld, state } = await provider.prepare(alice, { role: target });
      expect(isHeld).toBe(false);
      const { state: granted } = await provider.grant(alice, { role: target }, until, state);
      expect(await roles.isMember(alice, target)).toBe(true);
      expect(await provider.revoke(alice, { role: target }, granted)).toEqual({ keptBy: [] });
      expect(await roles.rows(alice, target)).toEqual(before);
      expect(await provider.holds(alice, { role: target }, granted)).toBe(false);
      expect(await provider.holders?.({ role: target })).not.toContainEqual(
        expect.objectContaining({ subject: alice }),
      );
      await roles.admin.query(`REVOKE ${target} FROM ${alice} GRANTED BY "${by}"`);
    }
  });

  test("of a row that gave half, the half is left", async () => {
    await roles.admin.query(`GRANT ${target} TO ${alice} WITH INHERIT FALSE, SET TRUE GRANTED BY "${us}"`);
    const { isHeld, state } = await provider.prepare(alice, { role: target });
    expect(isHeld).toBe(true);
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    expect(await roles.isMember(alice, target)).toBe(true);
    expect(await provider.revoke(alice, { role: target }, granted)).toEqual({
      keptBy: [`${us} gave it too`],
    });
    expect(await roles.rows(alice, target)).toEqual([{ by: us, inherits: false, sets: true }]);
  });

  test("that somebody let them grant it on meanwhile is not ours, nor what hangs on it", async () => {
    const bob = await roles.person("bob");
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    await roles.admin.query(`GRANT ${target} TO ${alice} WITH ADMIN OPTION GRANTED BY "${us}"`);
    await roles.admin.query(`GRANT ${target} TO ${bob} GRANTED BY ${alice}`);
    const left = await provider.revoke(alice, { role: target }, granted);
    expect(left).toEqual({
      keptBy: ["somebody let them grant it on meanwhile (ADMIN OPTION)"],
      outlives: "gave others 1 role",
    });
    expect(await roles.isMember(alice, target)).toBe(false);
    expect(await roles.isMember(bob, target)).toBe(true);
    expect(await provider.revoke(alice, { role: target }, granted)).toEqual(left);
    await roles.admin.query(`REVOKE ${target} FROM ${bob} GRANTED BY ${alice}`);
  });

  test("a grant from before grantors were kept takes every row of the pair", async () => {
    const { state } = await provider.prepare(alice, { role: target });
    await provider.grant(alice, { role: target }, until, state);
    await roles.admin.query(`GRANT ${target} TO ${alice} GRANTED BY ${other}`);
    const all = roles.connect({ url: roles.url });
    expect(await all.revoke(alice, { role: target }, {})).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("of those taken at once, one that cannot be taken fails alone", async () => {
    const people: string[] = [];
    for (const name of ["b", "c", "d", "e"]) people.push(await roles.person(name));
    const grant = async (subject: string) => {
      const { state } = await provider.prepare(subject, { role: target });
      return (await provider.grant(subject, { role: target }, until, state)).state;
    };
    const states = await Promise.all([...people, alice].map(grant));
    // By a grant of before, all of Alice's rows go: but one has others hanging on it.
    await roles.admin.query(`GRANT ${target} TO ${alice} WITH ADMIN OPTION GRANTED BY ${other}`);
    const bob = await roles.person("bob");
    await roles.admin.query(`GRANT ${target} TO ${bob} GRANTED BY ${alice}`);
    const outcomes = await Promise.allSettled(
      [...people, alice].map((subject, index) =>
        provider.revoke(subject, { role: target }, subject === alice ? {} : (states[index] ?? {})),
      ),
    );
    expect(outcomes.slice(0, -1)).toEqual(people.map(() => ({ status: "fulfilled", value: { keptBy: [] } })));
    expect(outcomes.at(-1)).toMatchObject({
      status: "rejected",
      reason: {
        message: expect.stringMatching(/^(?:dependent privileges exist|permission denied to revoke)/u),
        retryable: false,
      },
    });
    for (const person of people) expect(await roles.rows(person, target)).toEqual([]);
    await roles.admin.query(`REVOKE ${target} FROM ${bob} GRANTED BY ${alice}`);
  });

  test("who may grant by way of another role grants as that role, and takes it as that", async () => {
    const [deputy, own] = [await roles.person("deputy"), await roles.create("own")];
    await roles.admin.query(`GRANT ${own} TO ${other} WITH ADMIN OPTION; GRANT ${other} TO ${deputy}`);
    await roles.admin.query(`GRANT pg_signal_backend TO ${deputy}`);
    const byDeputy = roles.connect({ url: roles.urlAs(deputy) });
    const { state } = await byDeputy.prepare(alice, { role: own });
    const { state: granted } = await byDeputy.grant(alice, { role: own }, until, state);
    expect(await roles.rows(alice, own)).toEqual([{ by: other, inherits: true, sets: true }]);
    expect(await byDeputy.revoke(alice, { role: own }, granted)).toEqual({ keptBy: [] });
    expect(await roles.rows(alice, own)).toEqual([]);
  });
});
