import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer } from "node:net";
import { inspect } from "node:util";
import type { Client } from "pg";
import { createPostgres } from "../../../src/providers/postgres/index.ts";
import { usualTimes } from "../../../src/providers/postgres/connection.ts";
import { startProxy } from "../../support/proxy.ts";
import { startOwnServer } from "./own-server.ts";
import { describeAsEach, describeHere, end, openRoles, rolesOn, type Roles, versionHere } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeAsEach((rights) => {
  let roles: Roles;

  beforeAll(async () => {
    roles = await openRoles(versionHere, rights);
  });

  afterEach(() => roles.dropAll());

  afterAll(() => roles.close());

  test("the server's own identifier tells it from others, the address is a hint", async () => {
    const { rows } = await roles.admin.query<{ id: string }>(
      "SELECT system_identifier::text AS id FROM pg_control_system()",
    );
    expect(await roles.provider.identity()).toBe(rows[0]?.id);
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await roles.provider.prepare(alice, { role: target });
    expect(state).toMatchObject({ system: rows[0]?.id, address: new URL(roles.url).host });
    expect(JSON.stringify(state)).not.toContain("pw");
  });

  test("what was granted on another server is neither taken nor called gone here", async () => {
    const [alice, target] = [await roles.person("alice"), await roles.target("target")];
    const { state } = await roles.provider.prepare(alice, { role: target });
    const { state: granted } = await roles.provider.grant(alice, { role: target }, until, state);
    const elsewhere = { ...granted, system: "7000000000000000001", address: "old.example.com:5432" };
    const session = await roles.connectAs(alice);
    const words = {
      message: expect.stringMatching(
        /^it was granted on another server \(7000000000000000001, then at old\.example\.com/u,
      ),
      retryable: true,
    };
    await expect(roles.provider.revoke(alice, { role: target }, elsewhere)).rejects.toMatchObject(words);
    await expect(roles.provider.holds(alice, { role: target }, elsewhere)).rejects.toMatchObject(words);
    await expect(roles.provider.grant(alice, { role: target }, until, elsewhere)).rejects.toMatchObject(
      words,
    );
    await expect(roles.provider.lastUsed?.(alice, { role: target }, elsewhere)).rejects.toMatchObject(words);
    expect(await roles.rows(alice, target)).toHaveLength(1);
    // And of two taken at once, the other goes.
    const bob = await roles.person("bob");
    const prepared = await roles.provider.prepare(bob, { role: target });
    const { state: bobs } = await roles.provider.grant(bob, { role: target }, until, prepared.state);
    const outcomes = await Promise.allSettled([
      roles.provider.revoke(alice, { role: target }, elsewhere),
      roles.provider.revoke(bob, { role: target }, bobs),
    ]);
    expect(outcomes).toMatchObject([{ status: "rejected", reason: words }, { status: "fulfilled" }]);
    expect((await session.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await session.end();
    await roles.provider.revoke(alice, { role: target }, granted);
  });

  test("which server it is costs no question where a connection knows it", async () => {
    const asked: string[] = [];
    const proxy = await startProxy(roles.urlAs(roles.hallpass), ({ from, chunk }) => {
      if (from === "request") asked.push(String(chunk));
    });
    const provider = roles.connect({ url: proxy.url });
    const system = await provider.identity();
    const before = asked.length;
    expect(await provider.identity()).toBe(system);
    expect(asked).toHaveLength(before);
    await provider.close();
    await proxy.close();
  });

  test("each role of the policy is checked, and what lacks is a statement to paste", async () => {
    const target = await roles.target("target");
    const { provider } = roles;
    await expect(provider.check([{ role: target }, { role: `${roles.prefix}_lost` }])).rejects.toMatchObject({
      message: `role "${roles.prefix}_lost" does not exist`,
      retryable: false,
    });
    await provider.check([{ role: target }]);
    await roles.admin.query(`GRANT pg_read_server_files TO ${target}`);
    const warnings = await provider.check([{ role: target }]);
    expect(warnings).toContainEqual(
      expect.stringMatching(`^"${target}" will not be granted: it leads to "pg_read_server_files"`),
    );
    expect(await provider.check([{ role: target, dangerous: true }])).not.toContainEqual(
      expect.stringContaining(target),
    );
    // Only there is a slot that it could have and has not.
    const isAtRisk = versionHere === "18" && rights === "limited";
    expect(warnings.some((warning) => warning.includes("set reserved_connections"))).toBe(isAtRisk);
  });

  if (rights === "limited") {
    test("what it may not do is said with the statement that lets it", async () => {
      const { provider } = roles;
      const [target, forgotten] = [await roles.target("target"), await roles.create("forgotten")];
      const words = `GRANT "${forgotten}" TO "${roles.hallpass}" WITH ADMIN OPTION`;
      const refusal = { message: expect.stringContaining(words), retryable: false };
      await expect(provider.check([{ role: target }, { role: forgotten }])).rejects.toMatchObject(refusal);
      const alice = await roles.person("alice");
      await expect(provider.prepare(alice, { role: forgotten })).rejects.toMatchObject(refusal);
      await roles.admin.query(`REVOKE pg_signal_backend FROM ${roles.hallpass}`);
      await expect(provider.check([{ role: target }])).rejects.toMatchObject({
        message: expect.stringContaining(`GRANT pg_signal_backend TO "${roles.hallpass}"`),
      });
      await roles.admin.query(`GRANT pg_signal_backend TO ${roles.hallpass}`);
      expect(await provider.check([{ role: target }])).toContainEqual(
        expect.stringContaining(`GRANT pg_read_all_stats TO "${roles.hallpass}"`),
      );
    });
  }

  test("the password is kept out of every error, cause and all", async () => {
    const url = Object.assign(new URL(roles.url), { password: "secret-%40-word" }).href;
    const refused = roles.connect({ url });
    const error: unknown = await refused.check([]).catch((each: unknown) => each);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^password authentication failed for user/u),
      retryable: false,
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret-(%40|@)-word/u);
    const unreadable = roles.connect({ url: "postgresql://u:secret word@[/x" });
    const other: unknown = await unreadable.identity().catch((each: unknown) => each);
    expect(other).toBeInstanceOf(Error);
    expect(inspect(other, { depth: 9, showHidden: true })).not.toContain("secret");
  });
});

describeHere(`on a PostgreSQL ${versionHere} of its own`, () => {
  test("where the identifier may not be read, what outlasts new names stands for it, and proves less", async () => {
    const server = await startOwnServer(versionHere);
    const roles = await rolesOn(server.url, versionHere, "limited", server.stop);
    try {
      await roles.admin.query("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM public");
      const { provider } = roles;
      const system = await provider.identity();
      expect(system).toMatch(/^oids:\d+\/\d+$/u);
      await roles.admin.query(
        `ALTER ROLE ${roles.hallpass} RENAME TO renamed; ALTER ROLE renamed RENAME TO ${roles.hallpass}`,
      );
      expect(await roles.connect().identity()).toBe(system);
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      const warnings = await provider.check([{ role: target }]);
      expect(warnings).toContainEqual(expect.stringContaining("knows it by OIDs only"));
      const { state } = await provider.prepare(alice, { role: target });
      const { state: granted } = await provider.grant(alice, { role: target }, until, state);
      await roles.admin.query(`ALTER ROLE ${alice} RENAME TO x1; ALTER ROLE ${target} RENAME TO x2`);
      await expect(provider.revoke(alice, { role: target }, granted)).rejects.toMatchObject({
        message: expect.stringContaining("does not show which one it is"),
        retryable: true,
      });
      await roles.admin.query(`ALTER ROLE x2 RENAME TO ${target}`);
      expect(await provider.revoke(alice, { role: target }, granted)).toEqual({ keptBy: [] });
      await roles.admin.query(`ALTER ROLE x1 RENAME TO ${alice}`);
    } finally {
      await roles.dropAll();
      await roles.close();
    }
  });

  test("who fills all slots does not keep their access", async () => {
    const server = await startOwnServer(versionHere, {
      max_connections: "8",
      superuser_reserved_connections: "2",
    });
    const roles = await rolesOn(server.url, versionHere, "limited", server.stop);
    try {
      const [alice, target] = [await roles.person("alice"), await roles.target("target")];
      // Idle connections are let go of at once, but for the last.
      const provider = roles.connect({}, { idle: 1 });
      const { state } = await provider.prepare(alice, { role: target });
      const { state: granted } = await provider.grant(alice, { role: target }, until, state);
      const { taken, refusal } = await takeAllSlots(roles, alice);
      expect(refusal).toMatchObject({ code: "53300" });
      const ended = taken.map(end);
      expect(await provider.revoke(alice, { role: target }, granted)).toEqual({ keptBy: [] });
      await Promise.all(ended);
      expect(await roles.rows(alice, target)).toEqual([]);
    } finally {
      await roles.dropAll();
      await roles.close();
    }
  });

  test("a thousand that end together cost the server some dozens of commits", async () => {
    const server = await startOwnServer(versionHere, { max_connections: "30" });
    const roles = await rolesOn(server.url, versionHere, "superuser", server.stop);
    try {
      const target = await roles.target("target");
      await roles.admin.query(
        `DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE ROLE p%s LOGIN; GRANT ${target} TO p%s', i, i); END LOOP; END $$`,
      );
      const { rows } = await roles.admin.query<{
        oid: string;
        name: string;
        role: string;
        system: string;
        by: string;
      }>(
        `SELECT p.oid::text, p.rolname AS name, t.oid::text AS role, m.grantor::text AS by,
                (SELECT system_identifier::text FROM pg_control_system()) AS system
           FROM pg_auth_members m JOIN pg_roles p ON p.oid = m.member JOIN pg_roles t ON t.oid = m.roleid
          WHERE t.rolname = $1`,
        [target],
      );
      const commits = async (): Promise<number> => {
        const { rows: counted } = await roles.admin.query<{ commits: string }>(
          "SELECT sum(xact_commit) AS commits FROM pg_stat_database",
        );
        return Number(counted[0]?.commits);
      };
      const provider = roles.connect();
      const before = await commits();
      const outcomes = await Promise.all(
        rows.map(({ oid, name, role, system, by }) =>
          provider.revoke(
            name,
            { role: target },
            {
              system,
              address: "here",
              role: { oid: role, name: target },
              member: { oid, name },
              before: [],
              grantor: by,
              ours: "row",
              since: "3:3:",
              granted: true,
            },
          ),
        ),
      );
      expect(outcomes).toHaveLength(1_000);
      // What a backend counted is on record once it has ended.
      await provider.close();
      await roles.admin.query("SELECT pg_stat_clear_snapshot()");
      const spent = (await commits()) - before;
      expect(spent).toBeGreaterThan(20);
      expect(spent).toBeLessThan(120);
      expect(await roles.provider.holders?.({ role: target })).toEqual([]);
    } finally {
      await roles.dropAll();
      await roles.close();
    }
  });
});

test("a server that goes is said to be out of reach, and used again when it comes", async () => {
  const roles = await openRoles();
  const proxy = await startProxy(roles.urlAs(roles.hallpass));
  const provider = roles.connect({ url: proxy.url });
  await provider.check([]);
  await proxy.cut();
  await expect(provider.check([])).rejects.toMatchObject({
    retryable: true,
    message: expect.stringContaining("can't be reached"),
  });
  await proxy.restore();
  await provider.check([]);
  await roles.dropAll();
  await proxy.close();
  await roles.close();
});

test("a server that never answers is given up in time", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const started = performance.now();
  const waiting = createPostgres(
    { url: `postgresql://u:p@127.0.0.1:${port}/x` },
    { ...usualTimes, connect: 500 },
  );
  await expect(waiting.check([])).rejects.toMatchObject({ retryable: true });
  expect(performance.now() - started).toBeLessThan(5_000);
  await waiting.close();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

/** Opens sessions until there are no more. */
async function takeAllSlots(
  { connectAs }: Roles,
  person: string,
): Promise<{ readonly taken: readonly Client[]; readonly refusal: unknown }> {
  const taken: Client[] = [];
  for (;;) {
    try {
      taken.push(await connectAs(person));
    } catch (refusal) {
      return { taken, refusal };
    }
  }
}
