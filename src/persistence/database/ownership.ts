/**
 * SQL with which a superuser gives everything of Hallpass's in a database, including its queues, to one owner.
 * `reassign owned` can't: it leaves alone what the server's first role owns.
 */
export function takeOverSql(owner: string): string {
  return `do $$
declare
  each record;
begin
  for each in
    with places as (
      select oid, nspname from pg_namespace where nspname in ('public', 'bullmq')),
    -- A sequence goes with the column it counts for, and an extension keeps what it brought.
    bound as (
      select classid, objid from pg_depend where deptype in ('a', 'i', 'e'))
    select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as kind,
           format('%I.%I', p.nspname, c.relname) as name
    from pg_class c join places p on p.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'S')
      and ('pg_class'::regclass, c.oid) not in (select classid, objid from bound)
    union all
    select 'routine', format('%I.%I(%s)', p.nspname, f.proname, pg_get_function_identity_arguments(f.oid))
    from pg_proc f join places p on p.oid = f.pronamespace
    where ('pg_proc'::regclass, f.oid) not in (select classid, objid from bound)
    union all
    select 'type', format('%I.%I', p.nspname, t.typname)
    from pg_type t join places p on p.oid = t.typnamespace
    where t.typtype in ('e', 'd') and ('pg_type'::regclass, t.oid) not in (select classid, objid from bound)
    union all
    select 'schema', nspname from places where nspname = 'bullmq'
  loop
    execute format('alter %s %s owner to ${owner}', each.kind, each.name);
  end loop;
end
$$`;
}
