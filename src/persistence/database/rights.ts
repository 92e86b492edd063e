import type { ClientBase } from "pg";
import { z } from "zod";

/** Tables the working role only appends to. A trigger also refuses changes, except by the tables' owner. */
const appended = [
  "audit_chain",
  "audit_checkpoints",
  "audit_events",
  "people",
  "person_changes",
  "personal_values",
  "policies",
];

/** Columns of append-only tables that it updates all the same: people who turn out to be the same are joined. */
const changedColumns = ["people.joined_into"];

/** Tables it never deletes from: past names stay on record, and only the tables' owner erases somebody. */
const kept = ["person_names"];

/** Tables it only reads: retirements and migrations are written by the tables' owner. */
const onlyRead = ["_prisma_migrations", "audit_tombstones"];

/** Whether the queues are in the same database (schema `bullmq`). */
export type Place = { readonly queues: boolean };

/** The connected role, as far as it matters to how Hallpass may work. */
export type ConnectedRole = z.infer<typeof ConnectedRole>;
const ConnectedRole = z.object({
  name: z.string(),
  /** Whether its SQL can access the server's files or run programs there. */
  reachesServer: z.boolean(),
  /** Whether Hallpass's tables exist. */
  isMigrated: z.boolean(),
  mayMigrate: z.boolean(),
});

/** Finds `_prisma_migrations`, even in a schema the role may not use. */
const home = `
  select c.oid, c.relnamespace, c.relowner from pg_catalog.pg_class c
  where c.relname = '_prisma_migrations' and c.relkind = 'r'
  order by (c.oid = to_regclass('_prisma_migrations')) desc nulls last, c.oid limit 1`;

/** Reads the connected role. */
export async function readConnectedRole(client: ClientBase): Promise<ConnectedRole> {
  const { rows } = await client.query(
    `with home as (${home})
     select current_user as name,
            pg_has_role('pg_read_server_files', 'usage') or pg_has_role('pg_write_server_files', 'usage')
              or pg_has_role('pg_execute_server_program', 'usage') as "reachesServer",
            exists (select from home) as "isMigrated",
            coalesce((select pg_has_role(relowner, 'usage') from home),
                     has_schema_privilege(current_schema(), 'create'), false) as "mayMigrate"`,
  );
  return ConnectedRole.parse(rows[0]);
}

const Statements = z.array(z.object({ statement: z.string() }));

/** Lists the rights `role` lacks to work as Hallpass, as statements that grant them, without a semicolon at the end. */
export async function missingRights(
  client: ClientBase,
  role: string,
  place: Place,
): Promise<readonly string[]> {
  return statementsOf(
    client,
    `-- BullMQ gathers what it adds in a table of its session's.
     select format('grant temporary on database %I to %I', current_database(), $1) as statement
     where $2 and not has_database_privilege($1, current_database(), 'temporary')
     union all
     select format('grant usage on schema %I to %I', p.nspname, $1)
     from places p where not has_schema_privilege($1, p.oid, 'usage')
     union all
     select format('grant %s on %I.%I to %I', string_agg(r.word, ', ' order by r.place), t.nspname, t.relname, $1)
     from tables t cross join unnest(t.rights) with ordinality as r(word, place)
     where not has_table_privilege($1, t.oid, r.word) group by t.nspname, t.relname
     union all
     select format('grant update (%I) on %I.%I to %I', a.attname, t.nspname, t.relname, $1)
     from tables t join pg_attribute a on a.attrelid = t.oid and t.relname || '.' || a.attname = any ($5)
     where t.is_home and not has_column_privilege($1, t.oid, a.attnum, 'update')
     union all
     select format('grant usage on sequence %I.%I to %I', p.nspname, c.relname, $1)
     from pg_class c join places p on p.oid = c.relnamespace
     where (not p.is_home or c.relowner = p.relowner)
       -- In this order: of what is no sequence it throws.
       and case when c.relkind = 'S' then not has_sequence_privilege($1, c.oid, 'usage') else false end
     union all
     select format('grant execute on routine %I.%I(%s) to %I', p.nspname, f.proname,
                   pg_get_function_identity_arguments(f.oid), $1)
     from pg_proc f join places p on p.oid = f.pronamespace
     where (not p.is_home or f.proowner = p.relowner) and not has_function_privilege($1, f.oid, 'execute')`,
    role,
    place,
  );
}

/** Grants `role` what it needs to work as Hallpass, and revokes what it has on tables beyond that; for their owner to call. */
export async function grantRights(client: ClientBase, role: string, place: Place): Promise<void> {
  const excessive = await statementsOf(
    client,
    `select format('revoke %s on %I.%I from %I', string_agg(a.privilege_type, ', '), t.nspname, t.relname, $1) as statement
     from tables t cross join aclexplode(t.relacl) a
     where a.grantee = to_regrole(quote_ident($1))::oid and a.grantee <> t.relowner
       and not lower(a.privilege_type) = any (t.rights)
     group by t.nspname, t.relname`,
    role,
    place,
  );
  const statements = [...excessive, ...(await missingRights(client, role, place))];
  // One query for all of them: there are some sixty the first time.
  if (statements.length > 0) await client.query(statements.join(";\n"));
}

async function statementsOf(
  client: ClientBase,
  select: string,
  role: string,
  { queues }: Place,
): Promise<readonly string[]> {
  const { rows } = await client.query(
    `with asked as (select $1::name, $2::boolean, $3::text[], $4::text[], $5::text[], $6::text[]),
     home as (${home}),
     places as (
       select n.oid, n.nspname, n.oid = home.relnamespace as is_home, home.relowner
       from pg_namespace n cross join home
       where n.oid = home.relnamespace or ($2 and n.nspname = 'bullmq')),
     tables as (
       select c.oid, c.relname, c.relacl, c.relowner, p.nspname, p.is_home,
              case when p.is_home and c.relname = any ($3) then array['select']
                   when p.is_home and c.relname = any ($4) then array['select', 'insert']
                   when p.is_home and c.relname = any ($6) then array['select', 'insert', 'update']
                   else array['select', 'insert', 'update', 'delete'] end as rights
       from pg_class c join places p on p.oid = c.relnamespace
       where c.relkind in ('r', 'p') and (not p.is_home or c.relowner = p.relowner))
     select statement from (${select}) as all_of_them order by statement`,
    [role, queues, onlyRead, appended, changedColumns, kept],
  );
  return Statements.parse(rows).map(({ statement }) => statement);
}
