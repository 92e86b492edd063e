import type { Client } from "pg";
import type { Provider } from "../../../src/providers/provider.ts";
import type { PostgresTarget } from "../../../src/providers/postgres/index.ts";
import { describeAsEach, openRoles, type Roles, versionHere } from "./roles.ts";

const until = new Date(Date.now() + 3_600_000);

describeAsEach((rights) => {
  let roles: Roles;
  let alice: string;
  let target: string;
  let session: Client;

  beforeAll(async () => {
    roles = await openRoles(versionHere, rights);
  });

  beforeEach(async () => {
    [alice, target] = [await roles.person("alice"), await roles.target("target")];
    await roles.admin.query(
      `CREATE SCHEMA ${target} AUTHORIZATION ${target}; CREATE SCHEMA ${alice} AUTHORIZATION ${alice}`,
    );
    session = await roles.connectAs(alice);
    await session.query(`CREATE TABLE ${alice}.of_old (id int)`);
  });

  afterEach(async () => {
    await session.end();
    await roles.dropAll();
  });

  afterAll(() => roles.close());

  const grant = async (provider: Provider<PostgresTarget>) => {
    const { state } = await provider.prepare(alice, { role: target });
    return (await provider.grant(alice, { role: target }, until, state)).state;
  };
  const owners = async (schema: string): Promise<unknown> =>
    (
      await roles.admin.query(
        "SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r' ORDER BY 1",
        [schema],
      )
    ).rows;

  test("what they made meanwhile and was given to them is said, and nothing from before", async () => {
    const state = await grant(roles.provider);
    await session.query(`CREATE TABLE ${target}.one (id serial); CREATE TABLE ${target}.two (id int)`);
    await session.query(`CREATE VIEW ${target}.seen AS SELECT 1 AS one`);
    await session.query(
      `SET ROLE ${target}; CREATE TABLE ${target}.three (id int); GRANT SELECT ON ${target}.three TO ${alice}`,
    );
    const ended = await roles.provider.revoke(alice, { role: target }, state);
    expect(ended).toEqual({
      keptBy: [],
      outlives:
        "owns 2 new tables in postgres, owns 1 new view in postgres, was given rights on 1 table in postgres",
    });
    expect(await roles.provider.revoke(alice, { role: target }, state)).toEqual(ended);
  });

  test("in another database it is seen, too", async () => {
    const database = `${roles.prefix}_other`;
    await roles.admin.query(`CREATE DATABASE ${database}`);
    try {
      await roles.admin.query(`GRANT CREATE ON DATABASE ${database} TO ${target}`);
      const state = await grant(roles.provider);
      const other = await roles.connectAs(
        alice,
        Object.assign(new URL(roles.url), { pathname: `/${database}` }).href,
      );
      await other.query("CREATE SCHEMA mine; CREATE TABLE mine.one (id int)");
      const { outlives } = await roles.provider.revoke(alice, { role: target }, state);
      expect(outlives).toBe(`owns 1 new relation in ${database}, owns 1 new schema in ${database}`);
    } finally {
      await roles.admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  });

  test("with reassign it is the role's, and what was theirs before is theirs", async () => {
    // To hand over somebody's objects one has to be a superuser or them.
    const left =
      rights === "superuser"
        ? /^$/u
        : /^owns 1 new function in postgres, owns 2 new tables in postgres \(not handed over: must be owner of .*\)$/u;
    const provider = roles.connect({ reassign: true });
    const state = await grant(provider);
    await session.query(
      `CREATE TABLE ${target}.one (id serial); CREATE TABLE ${target}."Two; DROP" (id int)`,
    );
    await session.query(`CREATE FUNCTION ${target}.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    const ended = await provider.revoke(alice, { role: target }, state);
    expect(await owners(alice)).toEqual([{ name: "of_old", owner: alice }]);
    expect(ended.outlives ?? "").toMatch(left);
    const owner = rights === "superuser" ? target : alice;
    expect(await owners(target)).toEqual([
      { name: "Two; DROP", owner },
      { name: "one", owner },
    ]);
  });

  test("who made nothing leaves nothing", async () => {
    const state = await grant(roles.provider);
    await session.query(`INSERT INTO ${alice}.of_old VALUES (1)`);
    expect(await roles.provider.revoke(alice, { role: target }, state)).toEqual({ keptBy: [] });
  });
});
