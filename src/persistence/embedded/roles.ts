import type { Client } from "pg";
import { EmbeddedPostgresError } from "./error.ts";
import type { Passwords } from "./secrets.ts";
import { type Address, database, inDatabase, owner, superuser, worker } from "./server.ts";
import { takeOverSql } from "../database/ownership.ts";
import { grantRights } from "../database/rights.ts";
import { messageOf } from "../../error-message.ts";

/** How long to wait for locks of others who use the tables, such as an older Hallpass. */
const lockMilliseconds = 10_000;

/**
 * Creates the database and Hallpass's two roles (owner and worker) and transfers to them what exists, as the superuser
 * `at`. `close`: nobody can log in as the superuser afterwards. All or nothing.
 */
export async function divideRoles(
  at: Address,
  passwords: Passwords,
  { close }: { readonly close: boolean },
): Promise<void> {
  try {
    await inDatabase(at, "postgres", ensureDatabase);
    await inDatabase(at, database, async (client) => {
      await client.query("begin");
      await client.query(`set local lock_timeout = ${lockMilliseconds}`);
      await makeRole(client, owner, passwords.owner);
      await makeRole(client, worker, passwords.bot);
      await client.query(takeOverSql(owner));
      await client.query(`alter database ${database} owner to ${owner}`);
      await client.query(`revoke connect, temporary on database ${database} from public`);
      await client.query(`grant connect on database ${database} to ${worker}`);
      await grantRights(client, worker, { queues: true });
      if (close) await leaveAlone(client);
      await client.query("commit");
    });
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Hallpass's own PostgreSQL could not be divided among its roles: ${messageOf(error)}; end whatever else uses it, and start again.`,
      { cause: error },
    );
  }
}

/** On a server that is Hallpass's alone, nobody needs the other databases or the superuser. */
async function leaveAlone(client: Client): Promise<void> {
  await client.query("revoke connect, temporary on database postgres, template1 from public");
  await client.query(`alter role ${superuser} nologin password null`);
}

async function ensureDatabase(client: Client): Promise<void> {
  const found = await client.query("select 1 from pg_database where datname = $1", [database]);
  if (found.rowCount === 0) await client.query(`create database ${database}`);
}

async function makeRole(client: Client, role: string, password: string): Promise<void> {
  const found = await client.query("select 1 from pg_roles where rolname = $1", [role]);
  if (found.rowCount === 0) await client.query(`create role ${role}`);
  await client.query(
    `alter role ${role} nosuperuser nocreatedb nocreaterole noreplication nobypassrls
       login password ${client.escapeLiteral(password)}`,
  );
}
