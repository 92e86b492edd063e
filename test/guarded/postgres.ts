import { randomBytes } from "node:crypto";
import pg from "pg";
import { inDatabase } from "../servers/postgres.ts";
import { serverUrl } from "../support/database.ts";
import { type Guarded, heldRoles, type InPolicy, type Session } from "./guarded.ts";

/** The names a test's guarded server knows; roles are shared by all databases of a server, so each world has its own. */
export type Names = {
  readonly read: string;
  readonly write: string;
  readonly subject: (person: string) => string;
};

/** A PostgreSQL, with roles to give and people to give them to. */
export interface GuardedPostgres extends Guarded {
  readonly url: string;
  readonly names: Names;
  /** The roles this person is a member of right now, as PostgreSQL says. */
  rolesOf(person: string): Promise<readonly string[]>;
  /** Runs SQL as the superuser. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  openSession(person: string): Promise<Session>;
}

const password = "test";

/** How a policy speaks of a PostgreSQL with these names in it. */
export function ordersPostgres({ read, write, subject }: Names): InPolicy {
  return {
    name: "orders-postgres",
    provider: '{ type: postgres, url: "${ORDERS_DATABASE_URL}" }',
    grants: {
      read: `{ role: ${read} }`,
      write: `{ role: ${write} }`,
      missing: `{ role: no_such_role_${read} }`,
    },
    subject,
  };
}

/** One in a database of its own, on the server that all tests share or on another. */
export async function startGuardedPostgres(server = serverUrl()): Promise<GuardedPostgres> {
  const suffix = randomBytes(4).toString("hex");
  const names: Names = {
    read: `orders_read_${suffix}`,
    write: `orders_write_${suffix}`,
    subject: (person) => `${person}_${suffix}`,
  };
  const people = ["alice", "bob", "erin"].map(names.subject);
  const database = `orders_${suffix}`;
  const url = inDatabase(server, database);
  const admin = new pg.Pool({ connectionString: server, max: 1 });
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  for (const each of [admin, pool]) each.on("error", () => undefined);
  await admin.query(`create database ${database} template template0 strategy file_copy`);
  await pool.query(
    [
      `create role ${names.read}; create role ${names.write};`,
      ...people.map((person) => `create role ${person} login password '${password}';`),
    ].join("\n"),
  );
  const rolesOf = async (person: string): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ role: string }>(
      `select r.rolname as role from pg_auth_members m
       join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member
       where u.rolname = $1 order by 1`,
      [names.subject(person)],
    );
    return rows.map(({ role }) => role);
  };
  return {
    ...ordersPostgres(names),
    secrets: { ORDERS_DATABASE_URL: url },
    url,
    names,
    rolesOf,
    async holdings(person) {
      const roles = await rolesOf(person);
      return heldRoles.filter((each) => roles.includes(names[each]));
    },
    async query(sql, values = []) {
      return (await pool.query(sql, [...values])).rows;
    },
    openSession: (person) =>
      openSession(Object.assign(new URL(url), { username: names.subject(person), password }).href),
    async close() {
      await pool.query(`drop role if exists ${[names.read, names.write, ...people].join(", ")}`);
      await pool.end();
      await admin.query(`drop database if exists ${database} with (force)`);
      await admin.end();
    },
  };
}

async function openSession(url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url });
  // One that is ended says so by an error first.
  client.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  await client.connect();
  return {
    async use() {
      await client.query("select 1");
    },
    ended,
  };
}
