-- What is left of a part of the audit that was old enough to go, signed: the chain goes on from its last hash.
create table audit_tombstones (
  first_sequence bigint not null,
  last_sequence bigint not null,
  -- The hash that the first place was linked to.
  previous_hash text not null,
  last_hash text not null,
  first_at timestamptz(3) not null,
  last_at timestamptz(3) not null,
  -- The file's name and the SHA-256 of its bytes; none where nothing was kept.
  archive text,
  archive_sha256 text,
  at timestamptz(3) not null,
  key_id text not null,
  signature text not null,
  constraint audit_tombstones_pkey primary key (last_sequence),
  constraint audit_tombstones_places check (first_sequence between 1 and last_sequence),
  constraint audit_tombstones_hashes check (previous_hash ~ '^[0-9a-f]{64}$' and last_hash ~ '^[0-9a-f]{64}$'),
  constraint audit_tombstones_archive check (
    (archive is null and archive_sha256 is null) or (archive <> '' and archive_sha256 ~ '^[0-9a-f]{64}$')
  )
);

create trigger audit_tombstones_insert_only before update or delete on audit_tombstones
  for each row execute function hallpass_refuse_change();
create trigger audit_tombstones_no_truncate before truncate on audit_tombstones
  for each statement execute function hallpass_refuse_change();

-- A tombstone follows the one before it and ends with a place as the chain has it. That it is signed, `audit verify` says.
create function hallpass_insist_on_order() returns trigger language plpgsql as $$
declare
  follows boolean;
begin
  execute format(
    'select coalesce((select max(last_sequence) from %1$I.audit_tombstones), 0) = $1 - 1
       and coalesce((select last_hash from %1$I.audit_tombstones where last_sequence = $1 - 1), repeat(''0'', 64)) = $2
       and exists (select from %1$I.audit_chain where sequence = $3 and hash = $4)', tg_table_schema)
    into follows using new.first_sequence, new.previous_hash, new.last_sequence, new.last_hash;
  if follows then
    return new;
  end if;
  raise exception 'a tombstone must follow the one before it and end as the chain does at its last place'
    using errcode = 'check_violation';
end
$$;

create trigger audit_tombstones_in_order before insert on audit_tombstones
  for each row execute function hallpass_insist_on_order();

-- The one way out of the audit: in the transaction that lays a tombstone, and only what that covers. Events go before their
-- places, by which they are known. `xmin` is the transaction that wrote a row, which nobody can forge; the schema is named so
-- that no temporary table comes before it.
create function hallpass_insist_on_tombstone() returns trigger language plpgsql as $$
declare
  uncovered boolean;
begin
  execute format(
    case tg_table_name
      when 'audit_chain' then
        'select exists (select from gone g where not exists (
           select from %1$I.audit_tombstones t
           where t.xmin = pg_current_xact_id()::xid and g.sequence between t.first_sequence and t.last_sequence))'
      else
        'select exists (select from gone g where not exists (
           select from %1$I.audit_chain c join %1$I.audit_tombstones t
             on t.xmin = pg_current_xact_id()::xid and c.sequence between t.first_sequence and t.last_sequence
           where c.event_seq = g.seq))'
    end, tg_table_schema) into uncovered;
  if uncovered then
    raise exception '% is insert-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
  end if;
  return null;
end
$$;

drop trigger audit_events_insert_only on audit_events;
create trigger audit_events_insert_only before update on audit_events
  for each row execute function hallpass_refuse_change();
create trigger audit_events_retained after delete on audit_events
  referencing old table as gone for each statement execute function hallpass_insist_on_tombstone();

drop trigger audit_chain_insert_only on audit_chain;
create trigger audit_chain_insert_only before update on audit_chain
  for each row execute function hallpass_refuse_change();
create trigger audit_chain_retained after delete on audit_chain
  referencing old table as gone for each statement execute function hallpass_insist_on_tombstone();

-- Where the chain ends, also when all of it is gone.
create function hallpass_audit_head() returns table (sequence bigint, hash text) language sql stable as $$
  select * from (
    (select c.sequence, c.hash from audit_chain c order by c.sequence desc limit 1)
    union all
    (select t.last_sequence, t.last_hash from audit_tombstones t order by t.last_sequence desc limit 1)
  ) as ends order by 1 desc limit 1
$$;
