import { randomBytes } from "node:crypto";
import { Client, escapeIdentifier } from "pg";
import { serverUrl } from "../support/database.ts";

/** Roles of a test file's own on the server all tests share, and a look at them from outside. */
export interface Roles {
  readonly admin: Client;
  /** What all their names begin with: roles belong to the whole server. */
  readonly prefix: string;
  /** Creates a role; `options` as in CREATE ROLE. */
  create(name: string, options?: string): Promise<string>;
  isMember(subject: string, role: string): Promise<boolean>;
  /** Drops those created since. */
  dropAll(): Promise<void>;
}

/** Connects as a superuser. */
export async function openRoles(): Promise<Roles> {
  const prefix = `t${randomBytes(4).toString("hex")}`;
  const admin = new Client({ connectionString: serverUrl() });
  await admin.connect();
  const made: string[] = [];
  return {
    admin,
    prefix,
    async create(name, options = "") {
      const full = `${prefix}_${name}`;
      await admin.query(`CREATE ROLE ${escapeIdentifier(full)} ${options}`);
      made.push(full);
      return full;
    },
    async isMember(subject, role) {
      const { rows } = await admin.query<{ member: boolean }>(
        "SELECT pg_has_role($1, $2, 'MEMBER') AS member",
        [subject, role],
      );
      return rows[0]?.member ?? false;
    },
    async dropAll() {
      for (const name of made.splice(0)) {
        await admin.query(`DROP OWNED BY ${escapeIdentifier(name)} CASCADE`);
        await admin.query(`DROP ROLE ${escapeIdentifier(name)}`);
      }
    },
  };
}

/** The shared server's URL for a role with the password `pw`. */
export function urlAs(role: string): string {
  return Object.assign(new URL(serverUrl()), { username: role, password: "pw" }).href;
}

/** Connects as a role with the password `pw`; being thrown out is no error. */
export async function connectAs(role: string): Promise<Client> {
  const client = new Client({ connectionString: urlAs(role) });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Resolves when the connection has ended. */
export function end(client: Client): Promise<void> {
  return new Promise((resolve) => client.once("end", () => resolve()));
}
