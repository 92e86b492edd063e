import { execFile } from "node:child_process";
import { chmod, chown, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { loadSigningKey } from "../../src/audit/chain/signing-key.ts";
import { migrateAsOwner } from "../../src/persistence/database/bring-up-to-date.ts";
import { settle } from "../../src/persistence/embedded/place.ts";
import { worker } from "../../src/persistence/embedded/server.ts";
import type { EmbeddedPostgres } from "../../src/persistence/embedded/embedded.ts";
import { migrate, migrateQueues } from "../../src/persistence/database/migrate.ts";
import { describeIf } from "../support/describe-if.ts";
import { createPlaypen, type Playpen, query, startUndivided } from "../support/embedded.ts";

const run = promisify(execFile);
const log = { info: () => undefined, warn: () => undefined };
const forbidden = { code: "42501" };
const refused = { code: "28P01" };
const event = `insert into audit_events (id, at, type, actor_kind, data)
  values (gen_random_uuid(), now(), 'request.created', 'person', '{}')`;

function as(role: string, { url }: { readonly url: string }, password?: string): string {
  return Object.assign(new URL(url), { username: role, ...(password !== undefined && { password }) }).href;
}

describe("what the working role may do", () => {
  let pen: Playpen;
  let postgres: EmbeddedPostgres;
  let client: Client;

  beforeAll(async () => {
    pen = await createPlaypen();
    await loadSigningKey({ pem: undefined, dataDir: pen.dataDir });
    postgres = await pen.start();
    await migrateAsOwner(postgres.ownerUrl, worker, { queues: true, log });
    client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(event);
  });
  afterAll(async () => {
    await client?.end();
    await pen?.close();
  });

  test("it is no superuser, makes no roles and no databases, and belongs to nobody", async () => {
    const { rows } = await client.query(
      `select rolname as name, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as mighty,
              (select count(*)::int from pg_auth_members where member = r.oid) as memberships
       from pg_roles r where rolcanlogin order by 1`,
    );
    // Whoever made the data is a superuser, and nobody can log in as that.
    expect(rows).toEqual([
      { name: "hallpass_bot", mighty: false, memberships: 0 },
      { name: "hallpass_owner", mighty: false, memberships: 0 },
    ]);
  });

  test.each([
    ["read the signing key", (dataDir: string) => `select pg_read_file('${dataDir}/audit-key.pem')`],
    ["read its own passwords", () => "select * from pg_authid"],
    ["read the server's files", () => "select pg_read_file('postmaster.pid')"],
    ["list them", () => "select pg_ls_dir('.')"],
    ["load one as a large object", () => "select lo_import('/etc/passwd')"],
    ["copy a file", () => "copy policies (text) from '/etc/passwd'"],
    ["run a program", () => "copy policies (text) from program 'cat /proc/self/environ'"],
    ["write a file", () => "copy policies to '/tmp/hallpass-written'"],
    ["become the owner", () => "set role hallpass_owner"],
    ["become the superuser", () => "set session authorization hallpass"],
    ["make itself a superuser", () => "alter role hallpass_bot superuser"],
    ["make a role", () => "create role another login"],
    ["make a database", () => "create database another"],
    ["make a table", () => "create table another ()"],
    ["make a schema", () => "create schema another"],
    ["silence a trigger", () => "alter table audit_events disable trigger audit_events_insert_only"],
    ["silence all triggers", () => "set session_replication_role = replica"],
    ["take the audit over", () => "alter table audit_events owner to hallpass_bot"],
    [
      "replace what refuses",
      () =>
        "create or replace function hallpass_refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    ],
    ["say that it is migrated", () => "delete from _prisma_migrations"],
    ["lay a tombstone", () => "insert into audit_tombstones default values"],
    ["say that somebody never went by a name", () => "delete from person_names"],
    ["erase somebody", () => "update people set key = null, erased_at = now()"],
  ])("it may not %s", async (_what, statement) => {
    await expect(client.query(statement(pen.dataDir))).rejects.toMatchObject(forbidden);
  });

  const kept = [
    "audit_chain",
    "audit_checkpoints",
    "audit_events",
    "audit_tombstones",
    "people",
    "person_changes",
    "personal_values",
    "policies",
  ];

  test.each(
    kept.flatMap((table) => [
      [table, `delete from ${table}`],
      [table, `truncate ${table} cascade`],
      [table, `drop table ${table} cascade`],
    ]),
  )("the right to change %s is what it lacks, whatever its trigger says: %s", async (table, statement) => {
    const what = statement.startsWith("drop") ? "must be owner of" : "permission denied for";
    await expect(client.query(statement)).rejects.toMatchObject({
      ...forbidden,
      message: `${what} table ${table}`,
    });
  });

  test("an event is not updated, and stays as it was, whatever it grants itself", async () => {
    // PostgreSQL answers with a warning that nothing was granted.
    await client.query(`grant update on audit_events to ${worker}`);
    await expect(client.query("update audit_events set type = 'nothing'")).rejects.toMatchObject({
      ...forbidden,
      message: "permission denied for table audit_events",
    });
    expect((await client.query("select type from audit_events")).rows).toEqual([{ type: "request.created" }]);
  });

  test("it is refused the same by the triggers once it were granted, so that each holds alone", async () => {
    await query(postgres.ownerUrl, `grant update on audit_events to ${worker}`);
    await expect(client.query("update audit_events set type = 'nothing'")).rejects.toMatchObject({
      ...forbidden,
      message: "audit_events is insert-only: UPDATE refused",
    });
    // The next start takes back what was granted besides.
    await migrateAsOwner(postgres.ownerUrl, worker, { queues: true, log });
    await expect(client.query("update audit_events set type = 'nothing'")).rejects.toMatchObject({
      message: "permission denied for table audit_events",
    });
  });

  test("every table that a trigger keeps from being changed is one it may not change", async () => {
    const rows = await query(
      postgres.ownerUrl,
      `select distinct c.relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
       where not t.tgisinternal and (t.tgtype & 32) <> 0 and p.proname = 'hallpass_refuse_change' order by 1`,
    );
    expect(rows).toEqual(kept.map((name) => ({ name })));
    const writable = await query(
      postgres.ownerUrl,
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
         and has_table_privilege('${worker}', oid, 'update, delete, truncate, trigger') and relname = any ('{${kept.join(",")}}')`,
    );
    expect(writable).toEqual([]);
  });

  test("nobody logs in as the superuser, and its password is gone", async () => {
    await expect(stat(join(pen.dataDir, "postgres/password"))).rejects.toMatchObject({ code: "ENOENT" });
    for (const password of ["hallpass", new URL(postgres.ownerUrl).password])
      await expect(query(as("hallpass", postgres, password), "select 1")).rejects.toMatchObject(refused);
    expect(postgres.superuserUrl).toBeUndefined();
  });

  test.each(["postgres", "template1"])("it may not enter %s, where nothing is Hallpass's", async (name) => {
    const there = Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
    await expect(query(there, "select 1")).rejects.toMatchObject(forbidden);
  });

  test("the passwords of both roles are Hallpass's to read, and different", async () => {
    const path = join(pen.dataDir, "database-passwords.json");
    const { mode, uid } = await stat(path);
    expect([mode & 0o777, uid]).toEqual([0o600, process.getuid?.()]);
    expect(new URL(postgres.url).password).not.toBe(new URL(postgres.ownerUrl).password);
    const environment = Object.values(process.env).join("\n");
    for (const url of [postgres.url, postgres.ownerUrl])
      expect(environment).not.toContain(new URL(url).password);
  });

  // Only root can become somebody else.
  const describeAsRoot = describeIf(process.getuid?.() === 0, "not root");

  describeAsRoot("the server's user", () => {
    async function readAs(path: string): Promise<string> {
      const { user } = await settle(pen.dataDir, log);
      if (!user) throw new Error("the server runs as root");
      // A shell of theirs, as a program the server ran would be.
      const { stdout } = await run("/bin/cat", [path], { uid: user.uid, gid: user.gid });
      return stdout;
    }

    test.each(["audit-key.pem", "database-passwords.json"])("cannot read %s", async (name) => {
      await expect(readAs(join(pen.dataDir, name))).rejects.toThrow(/Permission denied/);
      expect(await readAs(join(pen.dataDir, "postgres/data/PG_VERSION"))).toMatch(/^\d+\n$/);
    });

    test.each([
      ["that was theirs", 0o600],
      ["that anybody could read", 0o644],
    ])("cannot read a key %s, once Hallpass has started as root", async (_whose, mode) => {
      const key = join(pen.dataDir, "audit-key.pem");
      const before = await readFile(key, "utf8");
      const { user } = await settle(pen.dataDir, log);
      if (mode === 0o600) await chown(key, user?.uid ?? 0, user?.gid ?? 0);
      await chmod(key, mode);
      expect(await readAs(key)).toBe(before);
      await pen.start("borrower");
      await expect(readAs(key)).rejects.toThrow(/Permission denied/);
      expect(await readFile(key, "utf8")).toBe(before);
    });

    test("does not own a key that nobody else could read: it is left as it is", async () => {
      const key = join(pen.dataDir, "audit-key.pem");
      await chmod(key, 0o400);
      await pen.start("borrower");
      expect((await stat(key)).mode & 0o777).toBe(0o400);
    });
  });
});

describe("data from before there were two roles", () => {
  let pen: Playpen;
  beforeEach(async () => {
    pen = await createPlaypen();
  });
  afterEach(() => pen.close());

  async function fill(url: string): Promise<void> {
    await migrate(url, { log });
    await migrateQueues(url);
    await query(url, event);
    await query(url, "create type mood as enum ('fine')");
  }

  const owners = `
    select distinct owner::regrole::text as owner from (
      select relowner as owner from pg_class where relnamespace in ('public'::regnamespace, 'bullmq'::regnamespace)
      union select proowner from pg_proc where pronamespace in ('public'::regnamespace, 'bullmq'::regnamespace)
      union select typowner from pg_type where typnamespace in ('public'::regnamespace, 'bullmq'::regnamespace)
      union select nspowner from pg_namespace where nspname = 'bullmq'
      union select datdba from pg_database where datname = current_database()) as all_owners`;

  test("are divided at the start: all of it is the owner's, and the superuser is closed", async () => {
    const before = await startUndivided(pen.dataDir);
    await fill(before.url);
    const [counted] = await query(before.url, "select count(*)::int as count from pg_class");
    await before.stop();

    const first = await pen.start();
    expect(await query(first.ownerUrl, owners)).toEqual([{ owner: "hallpass_owner" }]);
    expect(await query(first.ownerUrl, "select count(*)::int as count from pg_class")).toEqual([counted]);
    expect(await query(first.url, "select type from audit_events")).toEqual([{ type: "request.created" }]);
    await query(first.url, event);
    await expect(query(first.url, "delete from audit_events")).rejects.toMatchObject(forbidden);
    await migrateAsOwner(first.ownerUrl, worker, { queues: true, log });
    const asBefore = as("hallpass", first, new URL(before.url).password);
    await expect(query(asBefore, "select 1")).rejects.toMatchObject(refused);
    await expect(stat(join(pen.dataDir, "postgres/password"))).rejects.toMatchObject({ code: "ENOENT" });
    await first.stop();
    expect(await query((await pen.start()).url, "select count(*)::int as count from audit_events")).toEqual([
      { count: 2 },
    ]);
  });

  test("are divided where a killed bot has left its server running", async () => {
    const before = await startUndivided(pen.dataDir);
    await fill(before.url);
    const first = await pen.start();
    expect(first.adopted).toBe(true);
    expect(await query(first.ownerUrl, owners)).toEqual([{ owner: "hallpass_owner" }]);
    await expect(query(before.url, "select 1")).rejects.toMatchObject(refused);
  });

  test("stay open to a bot of before that still runs, until nobody but the next one uses them", async () => {
    const before = await startUndivided(pen.dataDir);
    await fill(before.url);
    const { root } = await settle(pen.dataDir, log);
    // What a bot writes of itself; this process stands for it.
    const bot = { pid: process.pid, host: hostname(), token: "before", role: "owner" };
    await writeFile(join(root, "keeper"), JSON.stringify(bot));
    const command = await pen.start("borrower");
    expect(await query(before.url, "select type from audit_events")).toEqual([{ type: "request.created" }]);
    expect(await query(command.url, "select type from audit_events")).toEqual([{ type: "request.created" }]);
    await rm(join(root, "keeper"));
    await pen.start();
    await expect(query(before.url, "select 1")).rejects.toMatchObject(refused);
  });

  test("a start that died between the division and its end is finished by the next", async () => {
    const first = await pen.start();
    await first.stop();
    const { root, user } = await settle(pen.dataDir, log);
    await writeFile(join(root, "password"), "0".repeat(48));
    if (user) await chown(join(root, "password"), user.uid, user.gid);
    const next = await pen.start();
    expect(await query(next.ownerUrl, "select 1 as one")).toEqual([{ one: 1 }]);
    await expect(stat(join(root, "password"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
