import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { z } from "zod";
import type { OrdersCard, SqlResult } from "../protocol.ts";
import { tables } from "./orders-data.ts";
import type { StagePerson } from "./people.ts";
import { runSql } from "./sql.ts";

export type Orders = {
  /** Runs SQL as this person, with their own login; never throws for what PostgreSQL says. */
  readonly run: (person: string, sql: string) => Promise<SqlResult>;
  /** Who is a member of which role right now, from pg_auth_members. */
  readonly roles: () => Promise<OrdersCard["roles"]>;
  /** Without the password; null for who has no login. */
  readonly loginUrl: (person: string) => string | null;
};

export type GuardedOrders = Orders & {
  /** What Hallpass grants with, by way of the relay at this port. */
  readonly granterUrl: (relayPort: number) => string;
  readonly close: () => Promise<void>;
};

export type OrdersOptions = {
  /** The server, as its superuser. */
  readonly serverUrl: string;
  /** Where the logins' passwords are kept. */
  readonly dataDir: string;
  readonly people: readonly StagePerson[];
  /** Somebody with access has read from the tables. */
  readonly onRead: () => void;
};

const database = "orders";
const granter = "hallpass_granter";
const roles = [
  { role: "orders_read", title: "Read only", rights: "select" },
  { role: "orders_write", title: "Read and write", rights: "select, insert, update, delete" },
] as const;

const Passwords = z.record(z.string(), z.string().regex(/^[0-9a-f]{32,}$/));

/** The database Hallpass guards, made where it is not there yet. */
export async function openOrders({
  serverUrl,
  dataDir,
  people,
  onRead,
}: OrdersOptions): Promise<GuardedOrders> {
  const logins = [...people.flatMap(({ login }) => login ?? []), granter];
  const passwords = await keepPasswords(join(dataDir, "logins.json"), logins);
  await ensureDatabase(serverUrl);
  const adminUrl = Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href;
  const admin = new pg.Pool({ connectionString: adminUrl, max: 2, allowExitOnIdle: true });
  // An idle connection that is lost is replaced by the next question.
  admin.on("error", () => undefined);
  try {
    await prepare(admin, passwords);
  } catch (error) {
    await admin.end();
    throw error;
  }

  const loginOf = (person: string): string | null =>
    people.find(({ name }) => name === person)?.login ?? null;
  const urlFor = (login: string): URL => {
    const url = new URL(adminUrl);
    return Object.assign(url, { username: login, password: passwords.get(login) ?? "" });
  };

  async function members(): Promise<OrdersCard["roles"]> {
    const { rows } = await admin.query<{ role: string; member: string }>(
      `select held.rolname as role, member.rolname as member from pg_auth_members m
       join pg_roles held on held.oid = m.roleid join pg_roles member on member.oid = m.member
       where held.rolname = any ($1) and member.rolname <> $2 group by 1, 2 order by 1, 2`,
      [roles.map(({ role }) => role), granter],
    );
    return roles.map(({ role, title }) => ({
      role,
      title,
      members: rows.filter((row) => row.role === role).map(({ member }) => member),
    }));
  }

  return {
    roles: members,
    loginUrl: (person) => {
      const login = loginOf(person);
      return login === null ? null : Object.assign(urlFor(login), { password: "" }).href;
    },
    run: async (person, sql) => {
      const login = loginOf(person);
      if (login === null) {
        const known = people.filter((one) => one.login !== null).map(({ name }) => name);
        const who = `“${person}” has no login at the orders database`;
        return { kind: "error", text: `${who}; expected one of ${known.join(", ")}.` };
      }
      const { result, tag } = await runSql(urlFor(login).href, sql);
      // Nobody reads these tables but through a role.
      const reads = result.kind === "rows" && tag?.startsWith("SELECT") === true && fromTables.test(sql);
      if (reads && (await members()).some((role) => role.members.includes(login))) onRead();
      return result;
    },
    granterUrl: (relayPort) => Object.assign(urlFor(granter), { port: String(relayPort) }).href,
    close: () => admin.end(),
  };
}

const fromTables = /\b(?:from|join)\s+(?:only\s+)?(?:"?public"?\s*\.\s*)?"?(?:orders|customers)\b/i;

async function ensureDatabase(serverUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const found = await client.query("select from pg_database where datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`create database ${database}`);
    // The people of the orders database have no business in Hallpass's own.
    await client.query(
      "do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$",
    );
  } finally {
    await client.end();
  }
}

async function prepare(admin: pg.Pool, passwords: ReadonlyMap<string, string>): Promise<void> {
  const existing = await admin.query<{ name: string }>("select rolname as name from pg_roles");
  const missing = (name: string): boolean => existing.rows.every((row) => row.name !== name);
  const made = await admin.query<{ made: boolean }>(
    "select to_regclass('public.orders') is not null as made",
  );
  // Passwords are hexadecimal, and names of a policy may be anything.
  const statements = [
    "begin",
    made.rows[0]?.made === true ? "" : tables,
    ...roles.map(({ role }) => (missing(role) ? `create role ${role}` : "")),
    ...[...passwords].map(
      ([name, password]) =>
        `${missing(name) ? "create" : "alter"} role ${pg.escapeIdentifier(name)} login password '${password}'`,
    ),
    ...roles.flatMap(({ role, rights }) => [
      `grant ${rights} on customers, orders to ${role}`,
      `grant ${role} to ${granter} with admin true, inherit false, set false`,
    ]),
    `grant pg_signal_backend to ${granter}`,
    "commit",
  ];
  // One text: sent whole, it is done whole.
  await admin.query(statements.filter((statement) => statement !== "").join(";\n"));
}

/** The passwords of these logins, in their order; those that are not there yet are made. */
async function keepPasswords(path: string, logins: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const kept = await readPasswords(path);
  const all = new Map(logins.map((login) => [login, kept[login] ?? randomBytes(16).toString("hex")]));
  await writeFile(path, JSON.stringify(Object.fromEntries(all), undefined, 2), { mode: 0o600 });
  return all;
}

async function readPasswords(path: string): Promise<z.infer<typeof Passwords>> {
  try {
    return Passwords.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // Missing or broken: new ones do as well, since they are set at each start.
    return {};
  }
}
