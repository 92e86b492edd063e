import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { takeOverSql } from "../../src/persistence/database/ownership.ts";
import { migrate, migrateQueues } from "../../src/persistence/database/migrate.ts";
import { hallpass } from "../cli/run-hallpass.ts";
import { threadSays } from "../support/ask.ts";
import { serverUrl } from "../support/database.ts";
import type { LogLine } from "../support/process.ts";
import { openSite, type Site } from "../support/site.ts";
import { createAuditPem } from "../support/audit-key.ts";
import { blocksOf, readPage } from "./markdown.ts";

const suffix = randomBytes(4).toString("hex");
const password = "choose/one:of#yours";
let site: Site;
let blocks: ReturnType<typeof blocksOf>;

beforeAll(async () => {
  site = await openSite();
  blocks = blocksOf(await readPage("database.md"));
});
afterAll(async () => {
  await site?.close();
  await administer(`drop database if exists ${own("hallpass")} with (force)`);
  await administer(`drop role if exists ${own("hallpass_owner")}, ${own("hallpass_bot")}`);
});

/** A name of the page, as it is in this test, which shares its server with others. */
function own(name: string): string {
  return `${name}_${suffix}`;
}

/** A block of the page with names and passwords of this test's. */
function textOf(language: string, heading: string): readonly string[] {
  return blocks
    .filter((block) => block.language === language && block.heading === heading)
    .map(({ text }) =>
      text
        .replaceAll(/\bhallpass_(?:owner|bot)\b/g, own)
        .replaceAll(/\bdatabase hallpass\b/g, `database ${own("hallpass")}`)
        .replaceAll(/'choose (?:one|another)'/g, `'${password}'`),
    );
}

/** The `DATABASE_URL` and the words of a command of the page. */
function commandOf(text: string): { readonly url: string; readonly words: readonly string[] } {
  const [, url = "", command = ""] = /^DATABASE_URL=(\S+) hallpass (.*)$/m.exec(text) ?? [];
  const found = Object.assign(new URL(serverUrl()), {
    username: new URL(url).username,
    password: encodeURIComponent(password),
    pathname: `/${own("hallpass")}`,
  });
  return { url: found.href, words: command.split(" ") };
}

async function administer(sql: string, database = "postgres"): Promise<void> {
  const client = new Client({ connectionString: serverUrl(database) });
  await client.connect();
  try {
    // A statement each: a database is not made within a transaction.
    for (const statement of sql.includes("do $$")
      ? [sql]
      : sql.split(";").filter((each) => each.trim() !== ""))
      await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Starts Hallpass as the page says, has it give access from the request to the end, and resolves with what it warned of. */
async function complaints(): Promise<readonly LogLine[]> {
  const [migrating = "", starting = ""] = textOf("sh", "One of yours");
  const { url: ownerUrl, words } = commandOf(migrating);
  const migrated = await hallpass(words, { env: { DATABASE_URL: ownerUrl } });
  expect([migrated.code, migrated.stderr]).toEqual([0, ""]);
  expect(migrated.stdout).toContain(`is up to date. ${own("hallpass_bot")} may work there.`);
  const { url, words: start } = commandOf(starting);
  expect(start).toEqual(["start"]);
  const run = await site.start({ DATABASE_URL: url });
  await run.ready();
  const { slack, guarded } = site;
  const channel = slack.channel("#orders-approvals");
  const before = channel.messages().length;
  await slack.as("alice").types("/request-access orders-db write 1h to see whether it works");
  const message = await slack.until(() => channel.messages().at(before), "a request");
  await slack.as("bob").presses(message, "Approve");
  await threadSays(site, message, "Granted to");
  expect(await guarded.rolesOf("alice")).toEqual([guarded.names.write]);
  await slack.as("bob").presses(await slack.until(() => channel.messages().at(before), "it"), "End access");
  await threadSays(site, message, "🔒");
  expect(await guarded.rolesOf("alice")).toEqual([]);
  await run.stop();
  const refused = await hallpass(["audit", "forget", "--yes", "alice@example.com"], {
    env: { DATABASE_URL: url },
  });
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^This takes the owner of the database at \S+, and \S+ may only work there: set DATABASE_URL to the owner's/,
    ),
  ]);
  const retain = ["audit", "retain", "--years", "7"];
  const key = { HALLPASS_AUDIT_KEY: createAuditPem() };
  expect((await hallpass(retain, { env: { ...key, DATABASE_URL: url } })).stderr).toMatch(
    /^This takes the owner /,
  );
  expect((await hallpass([...retain, "--dry-run"], { env: { ...key, DATABASE_URL: url } })).code).toBe(0);
  expect((await hallpass(retain, { env: { ...key, DATABASE_URL: ownerUrl } })).code).toBe(0);
  // The policy names a role that does not exist, and that is said; it is none of the database's.
  return run.lines().filter((line) => line.level > 30 && !JSON.stringify(line).includes("no_such_role"));
}

test("the two roles are made, and Hallpass gives and ends access as the one that owns nothing", async () => {
  const [making = ""] = textOf("sql", "One of yours");
  await administer(making);
  expect(await complaints()).toEqual([]);
});

test("a database that a superuser has had is given to them, and works on", async () => {
  const name = own("hallpass");
  await administer(`drop database ${name} with (force); create database ${name}`);
  const url = serverUrl(name);
  await migrate(url, { log: { info: () => undefined } });
  await migrateQueues(url);
  await administer(
    `revoke connect, temporary on database ${name} from public; grant connect on database ${name} to ${own("hallpass_bot")}`,
  );
  const [giving = ""] = textOf("sql", "A database that one role has had so far");
  expect(giving).toContain(takeOverSql(own("hallpass_owner")));
  await administer(giving, name);
  expect(await complaints()).toEqual([]);
});

test("the page's table says of each kept table what the role may do there", async () => {
  const client = new Client({ connectionString: serverUrl(own("hallpass")) });
  await client.connect();
  const { rows } = await client.query<{ name: string; rights: string }>(
    `select relname as name, string_agg(r, ', ' order by place) || coalesce(
       (select ', and update of ' || string_agg(attname, ', ' order by attname) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not has_table_privilege('${own("hallpass_bot")}', c.oid, 'update')
          and has_column_privilege('${own("hallpass_bot")}', c.oid, attnum, 'update')), '') as rights
     from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete']) with ordinality as u(r, place)
     where relkind = 'r' and relnamespace = 'public'::regnamespace and has_table_privilege('${own("hallpass_bot")}', oid, r)
     group by c.oid, 1`,
  );
  await client.end();
  const page = await readPage("database.md");
  const written = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) +\| (select[^|]*?) +\|$/gm)].flatMap(
    ([, tables = "", rights = ""]) =>
      [...tables.matchAll(/\w+/g)].map(([name]) => ({ name, rights: rights.replaceAll("`", "") })),
  );
  const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
  const kept = rows.filter(({ rights }) => rights !== "select, insert, update, delete");
  expect(written.toSorted(byName)).toEqual(kept.toSorted(byName));
});
