-- Whose data the audit holds. Who is erased loses key and handle, and with them everything the audit says of them.
create table people (
  id serial,
  -- The e-mail address; of an account whose address was never seen, its Slack id.
  handle text,
  key bytea,
  erased_at timestamptz(3),
  constraint people_pkey primary key (id),
  constraint people_known_or_erased check (
    (erased_at is null and handle is not null and octet_length(key) = 32)
    or (erased_at is not null and handle is null and key is null)
  )
);

create unique index people_handle_key on people (handle);

-- What a person is called, each thing once, under their key. A token in an audit event stands for a row of these.
create table personal_values (
  id serial,
  person_id integer not null,
  kind text not null,
  -- Tells whether a value is known without opening any: an HMAC under the person's key.
  mark bytea not null,
  ciphertext bytea not null,
  constraint personal_values_pkey primary key (id),
  constraint personal_values_kind check (kind in ('email', 'slack_id', 'name', 'subject')),
  constraint personal_values_person_id_fkey foreign key (person_id) references people (id) on delete restrict on update restrict
);

create unique index personal_values_person_id_mark_key on personal_values (person_id, mark);

alter table audit_events
  add column actor_person integer,
  add column requester_person integer;

create index audit_events_actor_person_idx on audit_events (actor_person);
create index audit_events_requester_person_idx on audit_events (requester_person);

create trigger personal_values_insert_only before update or delete on personal_values
  for each row execute function hallpass_refuse_change();
create trigger personal_values_no_truncate before truncate on personal_values
  for each statement execute function hallpass_refuse_change();

create function hallpass_only_erase() returns trigger language plpgsql as $$
begin
  if old.erased_at is null and new.erased_at is not null and new.id = old.id then
    return new;
  end if;
  raise exception '% can only be erased: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;

create trigger people_only_erased before update on people
  for each row execute function hallpass_only_erase();
create trigger people_not_deleted before delete on people
  for each row execute function hallpass_refuse_change();
create trigger people_no_truncate before truncate on people
  for each statement execute function hallpass_refuse_change();

-- What is sealed with a key that was destroyed meanwhile could never be read: whoever writes it fetches the keys again.
create function hallpass_insist_on_keys(persons integer[]) returns boolean language plpgsql stable as $$
begin
  if exists (select from people where id = any (persons) and key is null) then
    raise exception 'hallpass_person_erased';
  end if;
  return true;
end
$$;
