import { randomBytes } from "node:crypto";
import { Client, escapeIdentifier } from "pg";
import {
  createPostgres,
  type PostgresOptions,
  type PostgresTarget,
} from "../../../src/providers/postgres/index.ts";
import { usualTimes, type Times } from "../../../src/providers/postgres/connection.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { testServer } from "../../servers/ask.ts";
import { describeIf } from "../../support/describe-if.ts";
import { serverUrl } from "../../support/database.ts";

/** As whom Hallpass connects: a superuser, or one who has ADMIN OPTION on each role and may end sessions, as on managed servers. */
export type Rights = "superuser" | "limited";

/** Roles of a test file's own on a server, Hallpass's provider for it, and a look from outside. */
export type Roles = {
  readonly version: string;
  /** Of a superuser. */
  readonly url: string;
  readonly admin: Client;
  /** What all names begin with: roles belong to the whole server. */
  readonly prefix: string;
  /** As whom Hallpass connects. */
  readonly hallpass: string;
  readonly provider: Provider<PostgresTarget>;
  /** Another one for the same server. */
  connect(options?: Partial<PostgresOptions>, times?: Partial<Times>): Provider<PostgresTarget>;
  /** Creates a role; `options` as in CREATE ROLE. */
  create(name: string, options?: string): Promise<string>;
  /** Somebody who can log in with the password `pw`. */
  person(name: string, options?: string): Promise<string>;
  /** A role that Hallpass may grant. */
  target(name: string, options?: string): Promise<string>;
  /** By whom a membership is there, sorted; with its options from 16 on. */
  rows(subject: string, role: string): Promise<readonly { by: string; inherits?: boolean; sets?: boolean }[]>;
  isMember(subject: string, role: string): Promise<boolean>;
  urlAs(role: string): string;
  /** Connects as a role with the password `pw`; being thrown out is no error. */
  readonly connectAs: (role: string, url?: string) => Promise<Client>;
  /** Drops roles created since, and lets go of their providers. */
  dropAll(): Promise<void>;
  close(): Promise<void>;
};

/** Debian's, where it is installed. */
export const postgres15 = await testServer("postgres-15");

/** The version this run tries: 18, which comes with Hallpass, or Debian's (`onPostgres15` in `test/long.js`). */
export const versionHere: "15" | "18" = process.env["TEST_POSTGRES"] === "15" ? "15" : "18";

/** `describe` where this version is. */
export function describeHere(title: string, tests: () => void): void {
  describeIf(versionHere === "18" || postgres15.url !== undefined, postgres15.missing)(title, tests);
}

/** The same, once as a superuser and once with less. */
export function describeAsEach(tests: (rights: Rights) => void): void {
  for (const rights of ["superuser", "limited"] as const)
    describeHere(`on PostgreSQL ${versionHere}, connected as a ${rights}`, () => tests(rights));
}

/** On the servers that all tests share. */
export function openRoles(version: "15" | "18" = "18", rights: Rights = "superuser"): Promise<Roles> {
  const url = version === "15" ? (postgres15.url ?? "") : serverUrl();
  return rolesOn(url, version, rights, () => Promise.resolve());
}

export async function rolesOn(
  url: string,
  version: string,
  rights: Rights,
  stop: () => Promise<void>,
  prefix = `t${randomBytes(4).toString("hex")}`,
): Promise<Roles> {
  const admin = new Client({ connectionString: url });
  // The server's end, where a test was given up: its failure says more.
  admin.on("error", () => undefined);
  await admin.connect();
  const urlAs = (role: string): string =>
    Object.assign(new URL(url), { username: encodeURIComponent(role), password: "pw" }).href;
  const hallpass = `${prefix}_hallpass`;
  await admin.query(
    `CREATE ROLE ${hallpass} LOGIN PASSWORD 'pw' ${rights === "superuser" ? "SUPERUSER" : ""}`,
  );
  if (rights === "limited") await admin.query(`GRANT pg_signal_backend TO ${hallpass}`);
  const made: string[] = [];
  const providers: Provider<PostgresTarget>[] = [];
  const connect = (
    options: Partial<PostgresOptions> = {},
    times: Partial<Times> = {},
  ): Provider<PostgresTarget> => {
    const provider = createPostgres({ url: urlAs(hallpass), ...options }, { ...usualTimes, ...times });
    providers.push(provider);
    return provider;
  };
  const main = createPostgres({ url: urlAs(hallpass) });
  const create = async (name: string, options = ""): Promise<string> => {
    const full = `${prefix}_${name}`;
    await admin.query(`CREATE ROLE ${escapeIdentifier(full)} ${options}`);
    made.push(full);
    return full;
  };
  const has = async (query: string, values: readonly unknown[]): Promise<boolean> =>
    (await admin.query<{ has: boolean }>(query, [...values])).rows[0]?.has ?? false;
  return {
    version,
    url,
    admin,
    prefix,
    hallpass,
    provider: main,
    connect,
    create,
    person: (name, options = "") => create(name, `LOGIN PASSWORD 'pw' ${options}`),
    async target(name, options = "") {
      const role = await create(name, options);
      if (rights === "limited")
        await admin.query(`GRANT ${escapeIdentifier(role)} TO ${hallpass} WITH ADMIN OPTION`);
      return role;
    },
    async rows(subject, role) {
      const { rows } = await admin.query<{ by: string; inherits?: boolean; sets?: boolean }>(
        `SELECT by.rolname AS by ${version === "15" ? "" : ", inherit_option AS inherits, set_option AS sets"}
           FROM pg_auth_members m JOIN pg_roles by ON by.oid = m.grantor
           JOIN pg_roles member ON member.oid = m.member JOIN pg_roles held ON held.oid = m.roleid
          WHERE member.rolname = $1 AND held.rolname = $2 ORDER BY 1`,
        [subject, role],
      );
      return rows;
    },
    isMember: (subject, role) => has("SELECT pg_has_role($1, $2, 'USAGE') AS has", [subject, role]),
    urlAs,
    async connectAs(role, at = url) {
      const as = Object.assign(new URL(at), { username: encodeURIComponent(role), password: "pw" }).href;
      const client = new Client({ connectionString: as });
      client.on("error", () => undefined);
      await client.connect();
      return client;
    },
    async dropAll() {
      for (const provider of providers.splice(0)) await provider.close();
      const { rows } = await admin.query<{ name: string }>(
        "SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1)",
        [made],
      );
      // All that is theirs before any of them: what one granted, another has.
      for (const { name } of rows) await admin.query(`DROP OWNED BY ${escapeIdentifier(name)} CASCADE`);
      for (const { name } of rows) await admin.query(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
      made.splice(0);
    },
    async close() {
      await main.close();
      await admin.query(`DROP OWNED BY ${hallpass} CASCADE; DROP ROLE ${hallpass}`);
      await admin.end();
      await stop();
    },
  };
}

/** Resolves when the connection has ended. */
export function end(client: Client): Promise<void> {
  return new Promise((resolve) => client.once("end", () => resolve()));
}
