import type { Client } from "pg";
import { describeAsEach, end, openRoles, type Roles, versionHere } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeAsEach((rights) => {
  let roles: Roles;

  beforeAll(async () => {
    roles = await openRoles(versionHere, rights);
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  /** Keeps a role from being granted or revoked until it commits. */
  const block = async (client: Client, role: string, bystander: string): Promise<void> => {
    // On 15 only the row itself is locked, or the whole table.
    const lock =
      versionHere === "15"
        ? "LOCK TABLE pg_catalog.pg_auth_members IN SHARE MODE"
        : `GRANT ${role} TO ${bystander}`;
    await client.query(`BEGIN; ${lock}`);
  };

  test("a revoke that waits for a lock says whose it is, and a later one goes through", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    // As one who may see since when others' transactions last.
    if (rights === "limited") await roles.admin.query(`GRANT pg_read_all_stats TO ${roles.hallpass}`);
    const provider = roles.connect({}, { lock: 2_000 });
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    const { rows } = await roles.admin.query<{ pid: number; name: string }>(
      "SELECT pg_backend_pid() AS pid, session_user::text AS name",
    );
    await block(roles.admin, target, bob);
    try {
      await expect(provider.revoke(alice, { role: target }, granted)).rejects.toMatchObject({
        message: expect.stringMatching(
          new RegExp(
            `^it waits for a lock held by session ${rows[0]?.pid} of "${rows[0]?.name}", in a transaction since 20.*Z$`,
            "u",
          ),
        ),
        retryable: true,
      });
      expect(await provider.holds(alice, { role: target }, granted)).toBe(true);
    } finally {
      await roles.admin.query("ROLLBACK");
    }
    await provider.revoke(alice, { role: target }, granted);
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("a grant that waited for a lock in vain never takes effect", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    const provider = roles.connect({}, { lock: 1_500 });
    const { state } = await provider.prepare(alice, { role: target });
    await block(roles.admin, target, bob);
    try {
      await expect(provider.grant(alice, { role: target }, until, state)).rejects.toMatchObject({
        message: expect.stringMatching(/^it waits for a lock held by session \d+/u),
        retryable: true,
      });
    } finally {
      await roles.admin.query("ROLLBACK");
    }
    // Whoever waited would be first now.
    await roles.admin.query(`GRANT ${target} TO ${bob}`);
    expect(await roles.rows(alice, target)).toEqual([]);
  });

  test("who blocks the end of their own access is thrown out, and it goes on", async () => {
    const [alice, bob, target] = [
      await roles.person("alice"),
      await roles.person("bob"),
      await roles.target("target"),
    ];
    const provider = roles.connect();
    const { state } = await provider.prepare(alice, { role: target });
    const { state: granted } = await provider.grant(alice, { role: target }, until, state);
    const [row] = await roles.rows(alice, target);
    await roles.admin.query(`GRANT ${target} TO ${alice} WITH ADMIN OPTION GRANTED BY "${row?.by ?? ""}"`);
    const session = await roles.connectAs(alice);
    const ended = end(session);
    await session.query(
      `BEGIN; ${versionHere === "15" ? `REVOKE ADMIN OPTION FOR ${target} FROM ${alice}` : `GRANT ${target} TO ${bob}`}`,
    );
    await provider.revoke(alice, { role: target }, granted);
    await ended;
    expect(await roles.isMember(alice, target)).toBe(false);
  });

  test("of those taken at once, one whose role somebody else has locked waits alone", async () => {
    // On 15 nobody can lock one role only.
    if (versionHere === "15") return;
    const [target, locked] = [await roles.target("target"), await roles.target("locked")];
    const people: string[] = [];
    for (const name of ["b", "c", "d", "e", "f"]) people.push(await roles.person(name));
    const [waiting, other] = [await roles.person("waiting"), await roles.person("other")];
    const { provider } = roles;
    const give = async (subject: string, role: string) => {
      const { state } = await provider.prepare(subject, { role });
      const { state: granted } = await provider.grant(subject, { role }, until, state);
      return { subject, target: { role }, state: granted };
    };
    const grants = await Promise.all(people.map((subject) => give(subject, target)));
    const last = await give(waiting, locked);
    await block(roles.admin, locked, other);
    const waits = provider.revoke(last.subject, last.target, last.state);
    try {
      await Promise.all(grants.map((grant) => provider.revoke(grant.subject, grant.target, grant.state)));
      for (const { subject } of grants) expect(await roles.rows(subject, target)).toEqual([]);
      expect(await provider.holds(last.subject, last.target, last.state)).toBe(true);
    } finally {
      await roles.admin.query("COMMIT");
      await waits;
    }
    expect(await roles.rows(waiting, locked)).toEqual([]);
  });
});
